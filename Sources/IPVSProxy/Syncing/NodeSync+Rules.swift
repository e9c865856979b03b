import IPVS

/// What a proxier knows of its packet rules in the kernel.
struct RuleSync {
    /// Whether the rules are what they should be, as far as the proxier knows; false while a sync is under way, as it can break
    /// off.
    var areSound = false

    /// Whether they were before this sync. Otherwise it compares them.
    private(set) var wereSound = false

    /// Whether the kernel was checked for what the rules need.
    var isChecked = false

    /// What the kernel has no rules for, although services want it: it is somebody else's.
    var withheld = OthersShare()

    /// Begins a sync.
    mutating func begin() { (wereSound, areSound) = (areSound, false) }
}

/// The parts of a change of the packet rules, as a sync makes them around that of the table.
struct RuleChange {
    /// What is written before the table is changed, and after.
    let before: PacketRules.Difference
    let after: PacketRules.Difference

    /// Why the rules could not be read or written. Nothing more is written then.
    var error: PacketFilterError?

    /// How many elements were written.
    var count = 0

    init(_ difference: PacketRules.Difference = PacketRules.Difference()) { (before, after) = difference.split() }

    /// The change of rules that could not be read.
    init(failed error: PacketFilterError) {
        self.init()
        self.error = error
    }
}

extension NodeSync {
    /// Checks, once, that the kernel can have the rules, before anything is changed.
    func checkRules() throws(PacketFilterError) {
        guard let filter = kernel.packetFilter, !rules.isChecked else { return }
        try filter.check(configuration.packetRules)
        rules.isChecked = true
    }

    /// The change that makes the kernel's rules those of a desired state.
    ///
    /// The rules are read only if a full sync finds that others have changed some, or if the last sync has failed.
    ///
    /// - Parameters:
    ///   - draft: What else the sync is to do.
    ///   - update: What has changed since the last sync.
    ///   - state: The desired state.
    ///   - isFull: Whether everything is compared.
    /// - Returns: The change. If the rules can't be read, it has the error and writes nothing.
    func ruleChange(
        beside draft: Draft,
        _ update: DesiredState.Update,
        _ state: DesiredState,
        isFull: Bool
    ) -> RuleChange {
        guard let filter = kernel.packetFilter, let wanted = state.packetRules else { return RuleChange() }
        // A sync of changes looks at those again that were somebody else's before, as they count as failed.
        let withheld = OthersShare(draft, state)
        defer { rules.withheld = withheld }
        do throws(PacketFilterError) {
            // Not with `||`, whose right side can't throw an error of one type.
            var isKnown = rules.wereSound && rules.withheld == withheld
            if isKnown, isFull { isKnown = try filter.isUnchanged() }
            guard isKnown else { return RuleChange(try filter.difference(to: wanted.without(withheld))) }
            return RuleChange(update.rules.without(withheld))
        } catch {
            return RuleChange(failed: error)
        }
    }

    /// Writes one part of a change.
    func write(_ part: PacketRules.Difference, of change: inout RuleChange) {
        guard let filter = kernel.packetFilter, change.error == nil, !part.isEmpty else { return }
        do throws(PacketFilterError) {
            try filter.write(part)
            change.count += part.count
        } catch {
            change.error = error
        }
    }

    /// Looks for rules of others that stand in the way of packets.
    func lookForObstacles(_ report: inout SyncReport) {
        do throws(PacketFilterError) {
            report.obstacles = try kernel.packetFilter?.obstacles() ?? []
        } catch {
            report.failures.append(SyncFailure(virtualServer: nil, reason: .rules(error)))
        }
    }
}

/// What services want and somebody else has: no rules of the proxier apply to it.
struct OthersShare: Hashable {
    /// Where all virtual servers are somebody else's, so that the address is not bound.
    private var addresses: Set<IPAddress> = []

    /// The virtual servers.
    private var servers: Set<VirtualServer.Identity> = []

    /// Nothing.
    init() {}

    init(_ draft: Draft, _ state: DesiredState) {
        addresses = draft.addressesOfOthers(in: state.table)
        servers = draft.taken
    }

    var isEmpty: Bool { servers.isEmpty }

    /// Whether an element with a key would apply to it.
    func includes(_ key: PacketRules.Key) -> Bool {
        if case .address(let address) = key { return addresses.contains(address) }
        return key.destination.map { servers.contains(.endpoint($0.transport, $0.endpoint)) } ?? false
    }
}

extension PacketRules {
    /// The rules without those for what is somebody else's.
    func without(_ others: OthersShare) -> PacketRules {
        guard !others.isEmpty else { return self }
        var rules = self
        rules.elements = rules.elements.filter { !others.includes($0.key) }
        return rules
    }
}

extension PacketRules.Difference {
    /// The difference without that of rules for what is somebody else's.
    func without(_ others: OthersShare) -> Self {
        guard !others.isEmpty else { return self }
        var difference = self
        difference.removed.removeAll { others.includes($0.key) }
        difference.added.removeAll { others.includes($0.key) }
        return difference
    }
}

extension PacketRules.Key {
    /// The destination of the packets that the element is for; nil if it is not for those of one destination.
    fileprivate var destination: PacketRules.Destination? {
        switch self {
        case .clusterIP(let destination), .external(let destination), .local(let destination),
            .redirect(let destination), .unserved(let destination), .refused(let destination),
            .restricted(let destination):
            destination
        case .address, .hairpin, .healthCheckPort: nil
        }
    }
}
