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

/// All claims on virtual servers.
struct Claims: Sendable {
    private var claims: [VirtualServer.Identity: [Claim]] = [:]

    /// The virtual servers that more than one service port wants.
    private(set) var contested: Set<VirtualServer.Identity> = []

    /// The claims on a virtual server, the strongest first, which wins.
    subscript(id: VirtualServer.Identity) -> [Claim] { claims[id] ?? [] }

    mutating func reserveCapacity(_ count: Int) { claims.reserveCapacity(count) }

    mutating func place(_ claim: Claim) {
        change(claim.frontend.id) { claims in
            claims.insert(claim, at: claims.firstIndex { claim < $0 } ?? claims.endIndex)
        }
    }

    mutating func withdraw(_ frontend: Frontend, of servicePort: ServicePortName) {
        change(frontend.id) { claims in claims.removeAll { $0.servicePort == servicePort } }
    }

    private mutating func change(_ id: VirtualServer.Identity, _ body: (inout [Claim]) -> Void) {
        body(&claims[id, default: []])
        let count = self[id].count
        if count == 0 { claims.removeValue(forKey: id) }
        if count > 1 { contested.insert(id) } else if !contested.isEmpty { contested.remove(id) }
    }
}
