import IPVS

/// The packet rules that a desired state requires, with the differences that its changes make.
struct RuleBook: Sendable {
    /// The rules.
    private(set) var rules: PacketRules

    /// What the elements and ranges that were changed since the last difference had been; nil if they had not been there.
    private var formerElements: [PacketRules.Key: PacketRules.Value?] = [:]
    private var formerRanges: [ServicePortName: [IPAddress.Block]?] = [:]

    /// How many endpoints of this node have an address, and how many services have a port for health checks.
    private var hairpins: [IPAddress: Int] = [:]
    private var healthCheckPorts: [UInt16: Int] = [:]

    init(_ options: PacketRules.Options) { rules = PacketRules(options) }

    /// Returns what has changed since it was called last.
    mutating func takeDifference() -> PacketRules.Difference {
        guard !formerElements.isEmpty || !formerRanges.isEmpty else { return PacketRules.Difference() }
        var difference = PacketRules.Difference()
        for (key, before) in formerElements where rules.elements[key] != before {
            if let before { difference.removed.append(PacketRules.Element(key, before)) }
            if let value = rules.elements[key] { difference.added.append(PacketRules.Element(key, value)) }
        }
        for (name, before) in formerRanges where rules.sourceRanges[name] != before {
            difference.writtenRanges[name] = rules.sourceRanges[name]
            if rules.sourceRanges[name] == nil { difference.removedRanges.append(name) }
        }
        difference.removedRanges.sort()
        (formerElements, formerRanges) = ([:], [:])
        return difference
    }

    private mutating func set(_ key: PacketRules.Key, _ value: PacketRules.Value?) {
        let before = rules.elements[key]
        guard before != value else { return }
        if formerElements.index(forKey: key) == nil { formerElements.updateValue(before, forKey: key) }
        rules.elements[key] = value
    }
}

// MARK: - Changes

extension RuleBook {
    /// Replaces the elements for the destination of a virtual server. Other keys than those are not affected.
    mutating func replace(at id: VirtualServer.Identity, with elements: [PacketRules.Key: PacketRules.Value]) {
        guard let destination = PacketRules.Destination(id) else { return }
        for key in destination.keys { set(key, elements[key]) }
    }

    /// Whether a virtual server has endpoints elsewhere only, which its policy doesn't allow for all clients.
    func isUnserved(_ id: VirtualServer.Identity) -> Bool {
        PacketRules.Destination(id).map { rules.elements[.unserved($0)] != nil } ?? false
    }

    /// Sets the addresses that may reach a service port's load balancer's addresses; nil if it doesn't limit them.
    mutating func setSourceRanges(_ blocks: [IPAddress.Block]?, of name: ServicePortName) {
        let before = rules.sourceRanges[name]
        guard before != blocks else { return }
        if formerRanges.index(forKey: name) == nil { formerRanges.updateValue(before, forKey: name) }
        rules.sourceRanges[name] = blocks
    }

    /// Takes in that an address is bound, or no longer.
    mutating func set(_ address: IPAddress, isBound: Bool) {
        set(.address(address), isBound ? PacketRules.Value.none : nil)
    }

    /// Takes in a change of a slice.
    mutating func take(_ change: ObjectChange<EndpointSlice>) {
        for address in change.current?.localAddresses ?? [] {
            hairpins[address, default: 0] += 1
            set(.hairpin(address), PacketRules.Value.none)
        }
        for address in change.previous?.localAddresses ?? [] where hairpins.decrement(address) {
            set(.hairpin(address), nil)
        }
    }

    /// Takes in a change of a service.
    mutating func take(_ change: ObjectChange<ServiceDefinition>) {
        if let port = change.current?.checkedNodePort {
            healthCheckPorts[port, default: 0] += 1
            set(.healthCheckPort(port), PacketRules.Value.none)
        }
        if let port = change.previous?.checkedNodePort, healthCheckPorts.decrement(port) {
            set(.healthCheckPort(port), nil)
        }
    }
}

extension Dictionary where Value == Int {
    /// Counts one less.
    ///
    /// - Returns: Whether none is left.
    fileprivate mutating func decrement(_ key: Key) -> Bool {
        let count = self[key, default: 0] - 1
        self[key] = count > 0 ? count : nil
        return count <= 0
    }
}

extension EndpointSlice {
    /// The addresses of the endpoints on this node, each once.
    fileprivate var localAddresses: Set<IPAddress> {
        var addresses: Set<IPAddress> = []
        for endpoint in endpoints.values.joined() where endpoint.isLocal { addresses.insert(endpoint.endpoint.address) }
        return addresses
    }
}

extension PacketRules.Destination {
    /// The destination of a virtual server's packets; nil if no rules look at them.
    init?(_ id: VirtualServer.Identity) {
        guard case .endpoint(let transport, let endpoint) = id, [.tcp, .udp, .sctp].contains(transport) else {
            return nil
        }
        self.init(transport, endpoint)
    }

    /// All keys that an element for it can have.
    fileprivate var keys: [PacketRules.Key] {
        [
            .clusterIP(self), .external(self), .local(self), .redirect(self), .unserved(self), .refused(self),
            .restricted(self),
        ]
    }
}
