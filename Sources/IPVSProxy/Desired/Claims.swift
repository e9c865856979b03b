import IPVS

/// The wish of a service port to be reached at a frontend.
struct Claim: Hashable, Sendable {
    let servicePort: ServicePortName
    let frontend: Frontend
}

extension Claim: Comparable {
    /// By role, so that a weaker claim does not get another service's cluster IP; then by name, so that the order in which
    /// services were reported does not matter.
    static func < (left: Self, right: Self) -> Bool {
        (left.frontend.role, left.servicePort) < (right.frontend.role, right.servicePort)
    }
}

extension [Claim] {
    /// The rejections of all claims but the first one, which wins.
    var rejections: [Rejection] {
        dropFirst().map { claim in
            Rejection(servicePort: claim.servicePort, id: claim.frontend.id, reason: .taken(by: self[0].servicePort))
        }
    }
}

/// All claims on virtual servers, and which virtual servers the pending changes can affect.
struct Claims: Sendable {
    /// The claims on one virtual server.
    private struct Contest {
        /// The claims, the strongest first, which wins.
        var claims: [Claim] = []

        /// The claims before the change; nil if it does not affect them.
        var before: [Claim]?

        /// Changes the claims.
        ///
        /// - Returns: Whether it is the first change since they were settled.
        mutating func change(_ body: (inout [Claim]) -> Void) -> Bool {
            let isFirst = before == nil
            if isFirst { before = claims }
            body(&claims)
            return isFirst
        }
    }

    private var contests: [VirtualServer.Identity: Contest] = [:]

    /// The virtual servers that the change can affect, each once.
    private var touched: [VirtualServer.Identity] = []

    /// The virtual servers that more than one service port wants.
    private(set) var contested: Set<VirtualServer.Identity> = []

    /// The claims on a virtual server, the strongest first, which wins.
    subscript(id: VirtualServer.Identity) -> [Claim] { contests[id]?.claims ?? [] }

    /// Reserves memory for a number of virtual servers.
    mutating func reserveCapacity(_ count: Int) {
        contests.reserveCapacity(count)
        touched.reserveCapacity(count)
    }

    /// Notes that a change can affect a virtual server, even if the claims on it stay.
    mutating func touch(_ id: VirtualServer.Identity) { change(id) { _ in } }

    /// Adds a claim.
    mutating func place(_ claim: Claim) {
        change(claim.frontend.id) { claims in
            claims.insert(claim, at: claims.firstIndex { claim < $0 } ?? claims.endIndex)
        }
    }

    /// Removes the claim of a service port on a frontend.
    mutating func withdraw(_ frontend: Frontend, of servicePort: ServicePortName) {
        change(frontend.id) { claims in claims.removeAll { $0.servicePort == servicePort } }
    }

    private mutating func change(_ id: VirtualServer.Identity, _ body: (inout [Claim]) -> Void) {
        if contests[id, default: Contest()].change(body) { touched.append(id) }
    }

    /// The virtual servers that the change can affect, in order. The caller settles each of them.
    mutating func takeTouched() -> [VirtualServer.Identity] {
        defer { touched = [] }
        touched.sort()
        return touched
    }

    /// Ends the change for a virtual server.
    ///
    /// - Returns: The claims on it before the change and now.
    mutating func settle(_ id: VirtualServer.Identity) -> (before: [Claim], now: [Claim]) {
        guard let place = contests.index(forKey: id) else { return ([], []) }
        let contest = contests.values[place]
        if contest.claims.isEmpty { contests.remove(at: place) } else { contests.values[place].before = nil }
        if contest.claims.count > 1 { contested.insert(id) } else if !contested.isEmpty { contested.remove(id) }
        return (contest.before ?? [], contest.claims)
    }
}
