import Foundation
import IPVS
import Synchronization
import Testing

/// What became of a row's connections for a protocol and an address family.
struct RowResult: Sendable, CustomStringConvertible {
    let row: Row
    let transport: TransportProtocol
    let family: IPAddress.Family
    let outcomes: [Outcome]
    let isRight: Bool

    var description: String {
        let columns = [
            (isRight ? "right" : "WRONG", 6), (row.what, 42), (row.from.rawValue, 22), ("\(family)", 5),
            ("\(transport)", 5),
        ]
        let seen = Set(outcomes.map(\.description)).sorted().joined(separator: ", ")
        return columns.map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined() + seen
    }
}

extension PacketLab {
    /// Tries rows, for both families and some protocols, prints what became of them, and returns it.
    func results(
        _ title: String,
        _ groups: [[Row]] = RowTable.groups,
        _ transports: [TransportProtocol]? = nil,
        hasRules: Bool = true
    ) throws -> [RowResult] {
        // Most of the time is spent in waiting for answers that don't come.
        let tasks = groups.flatMap { rows in
            (transports ?? self.transports).flatMap { transport in
                [IPAddress.Family.ipv4, .ipv6].map { (rows, transport, $0) }
            }
        }
        let found = Mutex<[Int: [RowResult]]>([:])
        try inParallel(tasks.count) { number in
            let (rows, transport, family) = tasks[number]
            // Health checks are a matter of TCP.
            let own = rows.filter { transport == .tcp || $0.port != LabService.healthCheckPort }
            let results = try own.map { try $0.result(in: self, transport, family, hasRules: hasRules) }
            found.withLock { $0[number] = results }
        }
        let results = found.withLock { found in tasks.indices.flatMap { found[$0] ?? [] } }
        print("== \(title), Linux \(Self.kernelRelease)")
        for result in results { print(result) }
        print("\(results.filter(\.isRight).count) of \(results.count) connections are right: \(title)")
        return results
    }

    private static let kernelRelease: String = {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "?"
    }()

    /// Tries rows, each of which must be right.
    func expectAllRight(
        _ title: String,
        _ groups: [[Row]] = RowTable.groups,
        _ transports: [TransportProtocol]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let wrong = try results(title, groups, transports).filter { !$0.isRight }
        #expect(wrong.isEmpty, "\(wrong.map(\.description).joined(separator: "\n"))", sourceLocation: sourceLocation)
    }
}

/// Runs a body with the numbers from 0 on, each on a thread of its own, and waits until all have ended.
func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let errors = Mutex<[any Error]>([])
    let group = DispatchGroup()
    for number in 0..<count {
        group.enter()
        Thread.detachNewThread {
            do { try body(number) } catch { errors.withLock { $0.append(error) } }
            group.leave()
        }
    }
    group.wait()
    if let error = errors.withLock({ $0.first }) { throw error }
}
