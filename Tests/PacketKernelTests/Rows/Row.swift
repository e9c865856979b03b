import IPVS

/// A kind of connection: from where to which address and port, and what has to become of it.
struct Row: Sendable {
    let what: String
    let from: Place
    let address: AddressPair
    let port: UInt16
    let expected: Expectation

    /// What becomes of it without packet rules.
    let withoutRules: WithoutRules

    enum Expectation: Sendable {
        /// All of these answer, and see this source.
        case answered(by: [Backend], Source)
        /// It is refused at once.
        case refused
        /// Nothing answers, and nothing refuses.
        case dropped
        /// Nobody answers, however that shows: the address is not ours.
        case unanswered
    }

    /// The source that those who answer see.
    enum Source: Sendable {
        /// That of the client.
        case own
        /// One of the node's addresses.
        case node
        /// Any: the node itself answers, where nothing can go wrong.
        case any
    }

    enum WithoutRules: Sendable { case right, wrong, either }
}

extension Row {
    /// A row for connections to a port of a service at one of its addresses.
    init(
        _ what: String,
        _ from: Place,
        _ address: AddressPair,
        port: UInt16 = LabService.port,
        _ expected: Expectation,
        _ withoutRules: WithoutRules = .wrong
    ) {
        self.init(
            what: what,
            from: from,
            address: address,
            port: port,
            expected: expected,
            withoutRules: withoutRules
        )
    }

    /// Tries the connection, which is right by now or only with packet rules.
    func result(
        in lab: PacketLab,
        _ transport: TransportProtocol,
        _ family: IPAddress.Family,
        hasRules: Bool
    ) throws -> RowResult {
        let namespace =
            switch from {
            case .pod1: lab.pod1
            case .pod2: lab.pod2
            case .node: lab.node
            case .stranger, .unwelcome: lab.stranger
            }
        var request = Request(transport: transport, address: address[family], port: port)
        // The stranger has several addresses. SCTP tells its peer all that it may use, unless it has to use one.
        if namespace === lab.stranger { request.source = from.address?[family] }
        if transport == .sctp { request.source = (from.address ?? Backend.node.address)[family] }
        // What the rules drop is answered or refused without them.
        let isLikeWithRules = hasRules || withoutRules == .right
        let isSlow = isLikeWithRules ? expected.isSeen(transport) : expected.isDropped
        request.patience = isSlow ? Request.patience : Request.patienceWithSilence
        if transport == .sctp, isSlow { request.patience = 4_000 }
        let wanted: [String] = if case .answered(let backends, _) = expected { backends.map(\.rawValue) } else { [] }
        // Once in a while the kernel's SCTP needs a second attempt.
        let spare = transport == .sctp ? 2 : 0
        var outcomes = try request.outcomes(in: namespace, atMost: max(2, 2 * wanted.count) + spare) { outcomes in
            let names = outcomes.compactMap(\.backend)
            // A busy machine may send a packet again that is about to be refused; what is always late is late twice.
            if wanted.isEmpty { return outcomes.last.map { $0 != .refused(late: true) } ?? false }
            return Set(names).isSuperset(of: wanted) || outcomes.count - names.count > spare
        }
        if wanted.isEmpty { outcomes = Array(outcomes.suffix(1)) }
        if transport == .sctp, outcomes.count > 1 { outcomes.removeAll { $0 == .silence } }
        let isRight =
            outcomes.allSatisfy { self.isRight($0, transport, family) }
            && Set(outcomes.compactMap(\.backend)) == Set(wanted)
        return RowResult(row: self, transport: transport, family: family, outcomes: outcomes, isRight: isRight)
    }

    private func isRight(_ outcome: Outcome, _ transport: TransportProtocol, _ family: IPAddress.Family) -> Bool {
        switch (expected, outcome) {
        case (.answered(_, let source), .answered(_, let seen)):
            guard let seen = IPAddress(seen) else { return false }
            return switch source {
            case .own: seen == from.address?[family]
            case .node: Place.nodeAddresses.contains(seen)
            case .any: true
            }
        case (.refused, .refused(let late)): return !late
        // A sender of datagrams on the node itself is not let do it.
        case (.refused, .denied): return from == .node && transport == .udp
        // The kernel's SCTP does not give up when it hears that there is no such port.
        case (.refused, .silence): return transport == .sctp
        case (.dropped, .silence): return true
        case (.dropped, .denied): return from == .node
        case (.unanswered, .answered): return false
        case (.unanswered, _): return true
        default: return false
        }
    }
}

extension Row.Expectation {
    fileprivate var isDropped: Bool {
        if case .dropped = self { return true }
        return false
    }

    /// Whether something comes back.
    fileprivate func isSeen(_ transport: TransportProtocol) -> Bool {
        switch self {
        case .answered: true
        case .refused: transport != .sctp
        case .dropped, .unanswered: false
        }
    }
}

extension Outcome {
    fileprivate var backend: String? {
        if case .answered(let name, _) = self { return name }
        return nil
    }
}
