public import IPVS

/// What a node's table and addresses should be, by the services and endpoints that a control plane told of.
///
/// Tell it of each change as it comes; ``apply()`` puts all that came into effect and tells what is otherwise now. It costs
/// what changed: other service ports are not looked at.
///
///     var state = DesiredState(node: NodeFacts(addresses: nodeAddresses))
///     state.update(web)
///     state.update(slice)
///     let update = state.apply()
///     try handle.perform(update.plan.batch)
///
/// The result does not depend on the order in which things came, nor on how often it was applied.
public struct DesiredState: Sendable {
    /// The services.
    public private(set) var services = ChangeTracker<ServiceDefinition>()

    /// The endpoints of the services.
    public private(set) var slices = ChangeTracker<EndpointSlice>()

    /// What is known of the node. A change takes effect with the next ``apply()``, for all service ports.
    public var node: NodeFacts

    /// The virtual and real servers that should be in the kernel's table.
    public private(set) var table = Table()

    /// How many virtual servers need each of the addresses that should be bound.
    private var uses: [IPAddress: Int] = [:]

    /// How many real servers are in the table.
    public private(set) var realServerCount = 0

    /// What the table was made for.
    private var appliedNode: NodeFacts

    private var claims = Claims()

    /// Where each service port wants to be reached.
    private var frontends: [ServicePortName: [Frontend]] = [:]

    /// What service ports do not get for the address is excluded.
    private var excluded: [ServicePortName: Set<Rejection>] = [:]

    /// Service ports that have endpoints, but no usable one on this node, where the policy for clients from somewhere allows
    /// no others.
    private var unserved: [ClientOrigin: Set<ServicePortName>] = [:]

    /// The slices of each service.
    private var sliceNames: [NamespacedName: [NamespacedName]] = [:]

    /// The state without services and endpoints.
    public init(node: NodeFacts = NodeFacts()) {
        self.node = node
        appliedNode = node
    }
}

// MARK: - What it is told

extension DesiredState {
    /// Takes note of a service that was added or changed.
    ///
    /// - Returns: Whether it is otherwise than ``apply()`` last found it, so that there is something to do.
    @discardableResult
    public mutating func update(_ service: ServiceDefinition) -> Bool { services.update(service) }

    /// Takes note that a service was deleted.
    ///
    /// - Returns: Whether it is otherwise than ``apply()`` last found it, so that there is something to do.
    @discardableResult
    public mutating func deleteService(_ name: NamespacedName) -> Bool { services.delete(name) }

    /// Takes note of a slice that was added or changed.
    ///
    /// - Returns: Whether it is otherwise than ``apply()`` last found it, so that there is something to do.
    @discardableResult
    public mutating func update(_ slice: EndpointSlice) -> Bool { slices.update(slice) }

    /// Takes note that a slice was deleted.
    ///
    /// - Returns: Whether it is otherwise than ``apply()`` last found it, so that there is something to do.
    @discardableResult
    public mutating func deleteSlice(_ name: NamespacedName) -> Bool { slices.delete(name) }
}

// MARK: - What comes of it

extension DesiredState {
    /// Puts into effect what the state was told since the last time.
    ///
    /// - Returns: What is otherwise now.
    @discardableResult
    public mutating func apply() -> Update {
        var work = Work()
        renewClaims(of: mergeChanges(), &work)
        renewServices(claims.takeTouched(), &work)
        // After all that is needed was counted, so that an address which goes from one to another is
        // never let go.
        for address in work.released { release(address, &work.update) }
        work.update.addressesToBind.sort()
        work.update.addressesToUnbind.sort()
        work.update.rejections.sort()
        return work.update
    }

    /// What ``apply()`` has to remember until it is done.
    private struct Work {
        var update = Update()

        /// The addresses that virtual servers do not need any more, once for each.
        var released: [IPAddress] = []

        /// The endpoints of service ports that have several virtual servers, as far as they were needed.
        var endpoints: [ServicePortName: UsableEndpoints] = [:]
    }

    /// Merges what the trackers were told.
    ///
    /// - Returns: The service ports that it can matter to.
    private mutating func mergeChanges() -> Set<ServicePortName> {
        var affected: Set<ServicePortName> = []
        affected.reserveCapacity(max(services.pendingCount, slices.pendingCount))
        if sliceNames.isEmpty { sliceNames.reserveCapacity(slices.pendingCount) }
        services.merge { change in affected.formUnion(change.servicePorts) }
        slices.merge { change in
            affected.formUnion(change.servicePorts)
            if let slice = change.previous {
                sliceNames[slice.service]?.removeAll { $0 == slice.name }
                if sliceNames[slice.service]?.isEmpty == true { sliceNames.removeValue(forKey: slice.service) }
            }
            if let slice = change.current { sliceNames[slice.service, default: []].append(slice.name) }
        }
        if node != appliedNode {
            appliedNode = node
            affected.formUnion(frontends.keys)
        }
        return affected
    }

    /// Claims for service ports what they want now.
    private mutating func renewClaims(of names: Set<ServicePortName>, _ work: inout Work) {
        // To make room at once takes less memory than to grow bit by bit.
        frontends.reserveCapacity(names.count)
        claims.reserveCapacity(names.count)
        for name in names {
            let port = definition(of: name)
            renewClaims(of: name, port, &work)
            noteWhetherServed(name, port, &work)
        }
    }

    private func definition(of name: ServicePortName) -> ServicePort? {
        services.objects[name.service]?.ports[name.port]
    }

    /// Claims for a service port what it wants now instead of what it wanted.
    private mutating func renewClaims(of name: ServicePortName, _ port: ServicePort?, _ work: inout Work) {
        var wanted = port?.frontends(on: node) ?? []
        let refused = wanted.filter { node.excludes($0.endpoint.address) }.map { $0.exclusion(of: name) }
        if !refused.isEmpty { wanted.removeAll { node.excludes($0.endpoint.address) } }
        if !refused.isEmpty || !excluded.isEmpty {
            work.update.rejections += Set(refused).subtracting(excluded[name] ?? [])
            excluded[name] = refused.isEmpty ? nil : Set(refused)
        }
        let former = frontends.updateValue(wanted, forKey: name) ?? []
        if port == nil { frontends.removeValue(forKey: name) }
        if wanted == former {
            // Endpoints alone change most often.
            for frontend in former { claims.touch(frontend.id) }
            return
        }
        for frontend in former { claims.withdraw(frontend, of: name) }
        for frontend in wanted { claims.place(Claim(servicePort: name, frontend: frontend)) }
    }

    /// Takes note whether a service port lacks endpoints on this node that a policy demands.
    private mutating func noteWhetherServed(_ name: ServicePortName, _ port: ServicePort?, _ work: inout Work) {
        let local = ClientOrigin.allCases.filter { port?.trafficPolicy(for: $0) == .local }
        guard !local.isEmpty || !unserved.isEmpty else { return }
        var origins = Set((frontends[name] ?? []).map(\.origin)).intersection(local)
        if !origins.isEmpty, !usableEndpoints(of: name, &work).areElsewhereOnly { origins = [] }
        for origin in ClientOrigin.allCases {
            if origins.contains(origin) {
                unserved[origin, default: []].insert(name)
            } else {
                unserved[origin]?.remove(name)
            }
        }
    }

    /// Puts virtual servers into the table as those who have them now want them.
    private mutating func renewServices(_ ids: [VirtualServer.Identity], _ work: inout Work) {
        table.reserveCapacity(ids.count)
        uses.reserveCapacity(ids.count)
        work.update.changes.reserveCapacity(ids.count)
        for id in ids { renewService(id, &work) }
    }

    /// Puts a virtual server into the table as the one who has it now wants it.
    private mutating func renewService(_ id: VirtualServer.Identity, _ work: inout Work) {
        let (claimsBefore, claimsNow) = claims.settle(id)
        let (before, now) = (claimsBefore.first, claimsNow.first)
        var new: Table.Entry?
        if let now, let port = definition(of: now.servicePort) {
            new = port.service(at: now.frontend, usableEndpoints(of: now.servicePort, &work), on: node)
        }
        let old = if let new { table.replace(new) } else { table.remove(id) }
        if old != new, let owner = now ?? before {
            realServerCount += (new?.realServers.count ?? 0) - (old?.realServers.count ?? 0)
            work.update.changes.append(Change(id: id, servicePort: owner.servicePort, old: old, new: new))
        }
        if let before, before.frontend.isBound { work.released.append(before.frontend.endpoint.address) }
        if let now, now.frontend.isBound { use(now.frontend.endpoint.address, &work.update) }
        if claimsNow.count > 1 {
            work.update.rejections += Set(claimsNow.rejections).subtracting(claimsBefore.rejections)
        }
    }

    private func usableEndpoints(of name: ServicePortName, _ work: inout Work) -> UsableEndpoints {
        if let known = work.endpoints[name] { return known }
        let found = (sliceNames[name.service] ?? []).flatMap { slices.objects[$0]?.endpoints[name.port] ?? [] }
        let usable = UsableEndpoints(found)
        // Those of most are needed once.
        if let frontends = frontends[name], frontends.count > 1 { work.endpoints[name] = usable }
        return usable
    }

    /// Takes note that one more virtual server needs an address.
    private mutating func use(_ address: IPAddress, _ update: inout Update) {
        uses[address, default: 0] += 1
        if uses[address] == 1 { update.addressesToBind.append(address) }
    }

    /// Takes note that one less virtual server needs an address.
    private mutating func release(_ address: IPAddress, _ update: inout Update) {
        uses[address, default: 0] -= 1
        guard uses[address] == 0 else { return }
        uses.removeValue(forKey: address)
        update.addressesToUnbind.append(address)
    }
}

// MARK: - What is in effect

extension DesiredState {
    /// The addresses that should be bound, in order: those of the virtual servers, without the node's own.
    public var addresses: [IPAddress] { uses.keys.sorted() }

    /// Whether an address should be bound.
    public func binds(_ address: IPAddress) -> Bool { uses[address] != nil }

    /// The service port that a virtual server of the table is for.
    public func servicePort(of id: VirtualServer.Identity) -> ServicePortName? { claims[id].first?.servicePort }

    /// The virtual servers of a service port with their real servers, ordered by identity.
    public func entries(of name: ServicePortName) -> [Table.Entry] {
        (frontends[name] ?? []).map(\.id).sorted().filter { servicePort(of: $0) == name }.compactMap { table[$0] }
    }

    /// How many of them there are.
    public var addressCount: Int { uses.count }

    /// How many service ports there are.
    public var servicePortCount: Int { frontends.count }

    /// What service ports want and don't get, in order.
    public var rejections: [Rejection] {
        (excluded.values.joined() + claims.contested.flatMap { claims[$0].rejections }).sorted()
    }

    /// The service ports that have endpoints, but none on this node, where the policy for clients from somewhere allows no
    /// others.
    public func servicePortsWithoutLocalEndpoints(for origin: ClientOrigin) -> Set<ServicePortName> {
        unserved[origin] ?? []
    }
}
