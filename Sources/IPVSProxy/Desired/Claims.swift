import IPVS

/// That a service port wants to be reached somewhere.
struct Claim: Hashable, Sendable {
    let servicePort: ServicePortName
    let frontend: Frontend
}

extension Claim: Comparable {
    /// By role, so that nobody gets another one's cluster IP by a claim of less weight; then by name, so that it does not
    /// matter who came first.
    static func < (left: Self, right: Self) -> Bool {
        (left.frontend.role, left.servicePort) < (right.frontend.role, right.servicePort)
    }
}

extension [Claim] {
    /// What becomes of those that do not win.
    var rejections: [Rejection] {
        dropFirst().map { claim in
            Rejection(servicePort: claim.servicePort, id: claim.frontend.id, reason: .taken(by: self[0].servicePort))
        }
    }
}

/// All claims on virtual servers, and which of them a change can matter to.
struct Claims: Sendable {
    /// The claims on a virtual server.
    private struct Entry {
        /// The strongest first, which wins.
        var claims: [Claim] = []

        /// What they were before the change; nil if it does not matter to them.
        var before: [Claim]?

        /// - Returns: Whether it is the first time since they were settled.
        mutating func change(_ body: (inout [Claim]) -> Void) -> Bool {
            let isFirst = before == nil
            if isFirst { before = claims }
            body(&claims)
            return isFirst
        }
    }

    private var entries: [VirtualServer.Identity: Entry] = [:]

    /// The virtual servers that the change can matter to, each once.
    private var touched: [VirtualServer.Identity] = []

    /// The virtual servers that more than one service port wants.
    private(set) var contested: Set<VirtualServer.Identity> = []

    /// The claims on a virtual server, the strongest first, which wins.
    subscript(id: VirtualServer.Identity) -> [Claim] { entries[id]?.claims ?? [] }

    /// Makes room for so many virtual servers.
    mutating func reserveCapacity(_ count: Int) {
        entries.reserveCapacity(count)
        touched.reserveCapacity(count)
    }

    /// Takes note that a change can matter to a virtual server, even if the claims on it stay.
    mutating func touch(_ id: VirtualServer.Identity) { change(id) { _ in } }

    mutating func place(_ claim: Claim) {
        change(claim.frontend.id) { claims in
            claims.insert(claim, at: claims.firstIndex { claim < $0 } ?? claims.endIndex)
        }
    }

    mutating func withdraw(_ frontend: Frontend, of servicePort: ServicePortName) {
        change(frontend.id) { claims in claims.removeAll { $0.servicePort == servicePort } }
    }

    private mutating func change(_ id: VirtualServer.Identity, _ body: (inout [Claim]) -> Void) {
        if entries[id, default: Entry()].change(body) { touched.append(id) }
    }

    /// The virtual servers that the change can matter to, in order. Each is to be settled.
    mutating func takeTouched() -> [VirtualServer.Identity] {
        defer { touched = [] }
        touched.sort()
        return touched
    }

    /// Ends the change for a virtual server.
    ///
    /// - Returns: The claims on it as they were, and as they are.
    mutating func settle(_ id: VirtualServer.Identity) -> (before: [Claim], now: [Claim]) {
        guard let place = entries.index(forKey: id) else { return ([], []) }
        let entry = entries.values[place]
        if entry.claims.isEmpty { entries.remove(at: place) } else { entries.values[place].before = nil }
        if entry.claims.count > 1 { contested.insert(id) } else if !contested.isEmpty { contested.remove(id) }
        return (entry.before ?? [], entry.claims)
    }
}
