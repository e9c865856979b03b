import KubernetesTestServer
import Testing

@testable import KubernetesAPI

@Suite("Random histories", .serialized)
struct RandomHistoryTests {
    @Test("Whatever happens, the informer ends with the server's objects", arguments: UInt64(1)...6)
    func history(seed: UInt64) async throws {
        var random = Random(state: seed)
        let server = try await KubernetesTestServer()
        if seed.isMultiple(of: 4) { server.supportsStreamingLists = false }
        if seed.isMultiple(of: 5) { server.setHistoryLimit(8) }
        try server.load((0..<12).map(SampleObjects.service))
        let follower = try Follower(server, streams: !seed.isMultiple(of: 3), patience: .milliseconds(300))
        var deletions: [String: Int] = [:]
        for _ in 0..<100 {
            try await Self.step(server, &deletions, &random)
            if Int.random(in: 0..<3, using: &random) == 0 {
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<12, using: &random)))
            }
        }
        server.faults.removeAll()
        try await server.resume()
        try await server.restart()
        try await follower.settle(deletions: deletions)
    }

    private static func step(
        _ server: KubernetesTestServer,
        _ deletions: inout [String: Int],
        _ random: inout Random
    ) async throws {
        let index = Int.random(in: 0..<24, using: &random)
        let name = "service-\(index)"
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40:
            var service = SampleObjects.service(index)
            service["metadata"]?["labels"] = ["app": "\(Int.random(in: 0..<3, using: &random))"]
            try server.apply(service)
        case 40..<60: if server.delete(.services, name) { deletions[name, default: 0] += 1 }
        case 60..<66: server.compact()
        case 66..<86:
            guard let fault = faults.randomElement(using: &random) else { return }
            let pattern: KubernetesTestServer.RequestPattern = Bool.random(using: &random) ? .any : .watch(.services)
            server.faults.add(fault, on: pattern)
        case 86..<95:
            guard let interruption = interruptions.randomElement(using: &random) else { return }
            try await server.interrupt(.services, interruption)
        case 95: try await server.restart()
        case 96: try await server.stop()
        case 97: try await server.pause()
        default:
            try await server.resume()
            try await server.restart()
        }
    }

    // An empty list is not among them, as two in a row are believed.
    private static let faults: [Fault] = [
        .closeBeforeAnswer, .closeAfterHead, .close(afterBytes: 1), .close(afterBytes: 1500), .hang,
        .hang(afterBytes: 0), .hang(afterBytes: 1500), .slow(bytes: 500, every: .microseconds(500)),
        .delay(.milliseconds(10)), .status(429), .status(500), .status(503), .status(401), .status(403), .status(410),
        .expired, .truncated(atBytes: 0), .truncated(atBytes: 1500), .htmlPage, .emptyListWithoutKind,
    ]

    private static let interruptions: [KubernetesTestServer.Interruption] = [
        .end, .close, .closeInLine, .hang, .expired,
    ]
}

/// Random numbers that are the same each time: SplitMix64.
struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
