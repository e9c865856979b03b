package import IPVS

/// What a node's table, addresses and packet rules should be, by the services and endpoints that a control plane reports.
///
/// Report each change to it. ``commit()`` puts the pending changes into effect and returns what they affect. Its cost depends
/// on the changes only: other service ports are not looked at.
///
///     var state = DesiredState(node: NodeFacts(addresses: nodeAddresses))
///     state.update(web)
///     state.update(slice)
///     let update = state.commit()
///     let entries = update.virtualServers.map { state.table[$0] }
///
/// The result does not depend on the order of the changes, nor on how often they were committed.
package struct DesiredState: Sendable {
    /// The services.
    package private(set) var services = ChangeTracker<ServiceDefinition>()

    /// The endpoints of the services.
    package private(set) var slices = ChangeTracker<EndpointSlice>()

    /// What is known of the node. The next ``commit()`` puts a change of it into effect, for all service ports.
    package var node: NodeFacts

    /// The virtual and real servers that should be in the kernel's table.
    package private(set) var table = Table()

    /// How many virtual servers need each of the addresses that should be bound.
    private var uses: [IPAddress: Int] = [:]

    /// How many real servers are in the table.
    package private(set) var realServerCount = 0

    /// The node that the table was made for.
    private var committedNode: NodeFacts

    private var claims = Claims()

    /// Where each service port wants to be reached.
    private var frontends: [ServicePortName: [Frontend]] = [:]

    /// What service ports can't have, whoever else wants it.
    private var refused: [ServicePortName: Set<Rejection>] = [:]

    /// Service ports that have endpoints, but no usable one on this node, although the policy for clients of an origin allows
    /// no others.
    private var unserved: [ClientOrigin: Set<ServicePortName>] = [:]

    /// The slices of each service.
    private var sliceNames: [NamespacedName: [NamespacedName]] = [:]

    /// The packet rules; nil if nobody needs them.
    private var ruleBook: RuleBook?

    /// How many endpoints health checks find.
    private var healthBook = HealthCheckBook()

    /// The state without services and endpoints.
    ///
    /// - Parameters:
    ///   - node: What is known of the node.
    ///   - options: The options of the packet rules; nil if nobody needs any.
    package init(node: NodeFacts = NodeFacts(), packetRules options: PacketRules.Options? = nil) {
        self.node = node
        committedNode = node
        ruleBook = options.map(RuleBook.init)
    }
}

// MARK: - Pending changes

extension DesiredState {
    /// Records that a service was added or changed.
    ///
    /// - Returns: Whether it differs from the last ``commit()``.
    @discardableResult
    package mutating func update(_ service: ServiceDefinition) -> Bool { services.update(service) }

    /// Records that a service was deleted.
    ///
    /// - Returns: Whether it existed at the last ``commit()``.
    @discardableResult
    package mutating func deleteService(_ name: NamespacedName) -> Bool { services.delete(name) }

    /// Records that a slice was added or changed.
    ///
    /// - Returns: Whether it differs from the last ``commit()``.
    @discardableResult
    package mutating func update(_ slice: EndpointSlice) -> Bool { slices.update(slice) }

    /// Records that a slice was deleted.
    ///
    /// - Returns: Whether it existed at the last ``commit()``.
    @discardableResult
    package mutating func deleteSlice(_ name: NamespacedName) -> Bool { slices.delete(name) }
}

// MARK: - Committing

extension DesiredState {
    /// Puts the pending changes into effect.
    ///
    /// - Returns: What they affect.
    @discardableResult
    package mutating func commit() -> Update {
        var work = Work()
        renewClaims(of: mergeChanges(), &work)
        renewEntries(claims.takeTouched(), &work)
        // After everything that is needed was counted, so that an address which moves from one virtual server to another
        // stays bound.
        for address in work.released { release(address, &work.update) }
        work.update.rules = ruleBook?.takeDifference() ?? PacketRules.Difference()
        work.update.addressesToBind.sort()
        work.update.addressesToUnbind.sort()
        work.update.rejections.sort()
        return work.update
    }

    /// What ``commit()`` keeps until it is done.
    private struct Work {
        var update = Update()

        /// The addresses that virtual servers do not need any more, once for each.
        var released: [IPAddress] = []

        /// The endpoints of service ports that have several virtual servers, as far as they were needed.
        var endpoints: [ServicePortName: UsableEndpoints] = [:]
    }

    /// Merges the pending changes.
    ///
    /// - Returns: The service ports that they can affect.
    private mutating func mergeChanges() -> Set<ServicePortName> {
        var affected: Set<ServicePortName> = []
        affected.reserveCapacity(max(services.pendingCount, slices.pendingCount))
        if sliceNames.isEmpty { sliceNames.reserveCapacity(slices.pendingCount) }
        services.merge { change in
            affected.formUnion(change.servicePorts)
            ruleBook?.take(change)
            healthBook.take(change)
        }
        slices.merge { change in
            ruleBook?.take(change)
            healthBook.take(change)
            affected.formUnion(change.servicePorts)
            if let slice = change.previous {
                sliceNames[slice.service]?.removeAll { $0 == slice.name }
                if sliceNames[slice.service]?.isEmpty == true { sliceNames.removeValue(forKey: slice.service) }
            }
            if let slice = change.current { sliceNames[slice.service, default: []].append(slice.name) }
        }
        for name in healthBook.takeStale() {
            let own = (sliceNames[name] ?? []).compactMap { slices.objects[$0] }
            healthBook.renew(name, services.objects[name], own)
        }
        if node != committedNode {
            committedNode = node
            affected.formUnion(frontends.keys)
        }
        return affected
    }

    /// Claims what service ports want now.
    private mutating func renewClaims(of names: Set<ServicePortName>, _ work: inout Work) {
        // To reserve at once takes less memory than to grow step by step.
        frontends.reserveCapacity(names.count)
        claims.reserveCapacity(names.count)
        for name in names {
            let port = definition(of: name)
            ruleBook?.setSourceRanges(port?.allowedSources(on: node), of: name)
            renewClaims(of: name, port, &work)
            recordWhetherServed(name, port, &work)
        }
    }

    private func definition(of name: ServicePortName) -> ServicePort? {
        services.objects[name.service]?.ports[name.port]
    }

    /// Claims what a service port wants now instead of what it wanted before.
    private mutating func renewClaims(of name: ServicePortName, _ port: ServicePort?, _ work: inout Work) {
        var wanted = port?.frontends(on: node) ?? []
        let rejections = wanted.compactMap { port?.rejection(of: $0, as: name, on: node) }
        if !rejections.isEmpty || !refused.isEmpty {
            let ids = Set(rejections.map(\.id))
            wanted.removeAll { ids.contains($0.id) }
            work.update.rejections += Set(rejections).subtracting(refused[name] ?? [])
            refused[name] = rejections.isEmpty ? nil : Set(rejections)
        }
        let former = frontends.updateValue(wanted, forKey: name) ?? []
        if port == nil { frontends.removeValue(forKey: name) }
        if wanted == former {
            // Most changes are of endpoints only.
            for frontend in former { claims.touch(frontend.id) }
            return
        }
        for frontend in former { claims.withdraw(frontend, of: name) }
        for frontend in wanted { claims.place(Claim(servicePort: name, frontend: frontend)) }
    }

    /// Records whether a service port lacks the endpoints on this node that a policy requires.
    private mutating func recordWhetherServed(_ name: ServicePortName, _ port: ServicePort?, _ work: inout Work) {
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

    /// Renews the table's entries for virtual servers.
    private mutating func renewEntries(_ ids: [VirtualServer.Identity], _ work: inout Work) {
        table.reserveCapacity(ids.count)
        uses.reserveCapacity(ids.count)
        work.update.virtualServers.reserveCapacity(ids.count)
        for id in ids { renewEntry(id, &work) }
    }

    /// Renews the table's entry for a virtual server as the service port that has it now wants it.
    private mutating func renewEntry(_ id: VirtualServer.Identity, _ work: inout Work) {
        let (claimsBefore, claimsNow) = claims.settle(id)
        let (before, now) = (claimsBefore.first, claimsNow.first)
        var new: Table.Entry?
        var rules: [PacketRules.Key: PacketRules.Value] = [:]
        if let now, let port = definition(of: now.servicePort) {
            let endpoints = usableEndpoints(of: now.servicePort, &work)
            new = port.entry(at: now.frontend, endpoints, on: node)
            if ruleBook != nil { rules = port.rules(at: now.frontend, as: now.servicePort, endpoints, on: node) }
        }
        let hadUnserved = ruleBook?.isUnserved(id) ?? false
        ruleBook?.replace(at: id, with: rules)
        let old = if let new { table.replace(new) } else { table.remove(id) }
        if old != new {
            realServerCount += (new?.realServers.count ?? 0) - (old?.realServers.count ?? 0)
            work.update.virtualServers.append(id)
        }
        // Endpoints elsewhere serve some of the clients of a virtual server that has none itself.
        let hadEndpoints = hadUnserved || old?.realServers.isEmpty == false
        let hasEndpoints = ruleBook?.isUnserved(id) ?? false || new?.realServers.isEmpty == false
        if let endpoint = id.udpEndpoint, hasEndpoints, !hadEndpoints { work.update.startedUDP.append(endpoint) }
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
        // Those of most service ports are needed once.
        if let frontends = frontends[name], frontends.count > 1 { work.endpoints[name] = usable }
        return usable
    }

    /// Counts one more virtual server that needs an address.
    private mutating func use(_ address: IPAddress, _ update: inout Update) {
        uses[address, default: 0] += 1
        guard uses[address] == 1 else { return }
        update.addressesToBind.append(address)
        ruleBook?.set(address, isBound: true)
    }

    /// Counts one virtual server less that needs an address.
    private mutating func release(_ address: IPAddress, _ update: inout Update) {
        uses[address, default: 0] -= 1
        guard uses[address] == 0 else { return }
        uses.removeValue(forKey: address)
        update.addressesToUnbind.append(address)
        ruleBook?.set(address, isBound: false)
    }
}

// MARK: - What is in effect

extension DesiredState {
    /// The addresses that should be bound, in order: those of the virtual servers, without the node's own.
    package var addresses: [IPAddress] { uses.keys.sorted() }

    /// Whether an address should be bound.
    package func binds(_ address: IPAddress) -> Bool { uses[address] != nil }

    /// The service port that a virtual server of the table is for.
    package func servicePort(of id: VirtualServer.Identity) -> ServicePortName? { claims[id].first?.servicePort }

    /// The virtual servers of a service port with their real servers, ordered by identity.
    package func entries(of name: ServicePortName) -> [Table.Entry] {
        (frontends[name] ?? []).map(\.id).sorted().filter { servicePort(of: $0) == name }.compactMap { table[$0] }
    }

    /// The packet rules; nil if nobody needs any.
    package var packetRules: PacketRules? { ruleBook?.rules }

    /// The addresses that only some of the virtual servers need.
    func addresses(neededOnlyBy ids: Set<VirtualServer.Identity>) -> Set<IPAddress> {
        guard !ids.isEmpty else { return [] }
        return Set(ids.compactMap(\.address)).subtracting(table.ids.filter { !ids.contains($0) }.compactMap(\.address))
    }

    /// Whether packet rules limit who can reach a virtual server.
    func isRestricted(_ id: VirtualServer.Identity) -> Bool {
        PacketRules.Destination(id).map { packetRules?.elements[.restricted($0)] != nil } ?? false
    }

    /// The health checks that the node is to answer, ordered by service.
    package var healthChecks: [HealthCheck] {
        healthBook.checks(at: node.nodePortBlocks.isEmpty ? nil : node.nodePortAddresses.sorted())
    }

    /// Whether any address of a family should be bound.
    func hasAddresses(of family: IPAddress.Family) -> Bool { uses.keys.contains { $0.family == family } }

    /// How many addresses should be bound.
    package var addressCount: Int { uses.count }

    /// How many service ports there are.
    package var servicePortCount: Int { frontends.count }

    /// What service ports want and do not get, in order.
    package var rejections: [Rejection] {
        (refused.values.joined() + claims.contested.flatMap { claims[$0].rejections }).sorted()
    }

    /// How many rejections there are.
    package var rejectionCount: Int {
        refused.values.reduce(0) { $0 + $1.count } + claims.contested.reduce(0) { $0 + claims[$1].count - 1 }
    }

    /// The service ports that have endpoints, but none on this node, although the policy for clients of an origin allows no
    /// others.
    package func servicePortsWithoutLocalEndpoints(for origin: ClientOrigin) -> Set<ServicePortName> {
        unserved[origin] ?? []
    }
}
