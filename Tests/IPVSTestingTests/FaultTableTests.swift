import Foundation
import Glibc
import IPVS
import IPVSTesting
import Testing

/// The table of faults in the article of the module: what comes of each fault in each kind of call.
@Suite("The table of faults")
struct FaultTableTests {
    /// The faults and the names that the article has for them.
    private static let faults: [(name: String, fault: InMemoryKernel.Fault)] = [
        ("errno(_:)", .errno(ENOMEM)), ("listError(_:)", .listError(ENOMEM)), ("changedList", .changedList),
        ("movedEntries", .movedEntries),
        ("lostAnswer", .lostAnswer), ("lateAnswer", .lateAnswer), ("overrun", .overrun),
        ("brokenSocket", .brokenSocket), ("truncatedAnswer", .truncatedAnswer),
        ("malformedAnswer", .malformedAnswer), ("shortAnswer", .shortAnswer), ("interruption", .interruption),
        ("doubledAnswer", .doubledAnswer), ("wrongSequence", .wrongSequence), ("wrongPort", .wrongPort),
        ("otherSender", .otherSender), ("delay(_:)", .delay(.milliseconds(1))),
    ]

    /// Makes a call, and returns the errors of the changes that failed, if it does not throw.
    private typealias Call = @Sendable (Handle) throws -> [IPVSError]

    /// A kind of call, by examples.
    private struct Kind: Sendable {
        let name: String

        /// The number of the command that has the fault. Only the answer to the last one of a batch is waited for.
        var place = 1
        let calls: [Call]
    }

    private static let desired = {
        var entry = Table.Entry(web)
        entry.replace(tunnel)
        return entry
    }()

    private static let kinds = [
        Kind(
            name: "Read one",
            calls: [
                reading { try $0.virtualServer(web.id)?.server == web },
                reading { try $0.timeouts().tcp == 900 },
                reading { try $0.info().version.major == 1 },
            ]
        ),
        Kind(
            name: "List",
            calls: [
                reading { try $0.virtualServers().map(\.server) == [web] },
                reading { try $0.realServers(of: web.id).map(\.server) == [real] },
                reading { try $0.table() == Table([Table.Entry(web, realServers: [real])]) },
                reading { try $0.syncDaemons().isEmpty },
            ]
        ),
        Kind(
            name: "Change",
            calls: [
                changing { try $0.add(dns) }, changing { try $0.update(web) },
                changing { try $0.update(real, of: web.id) },
                changing { try $0.delete(real.endpoint, from: web.id) }, changing { try $0.delete(web.id) },
                changing { try $0.flush() }, changing { try $0.zeroCounters() },
                changing { try $0.setTimeouts(Timeouts(tcp: 5)) },
            ]
        ),
        Kind(
            name: "Batch",
            place: 2,
            calls: [
                { handle throws -> [IPVSError] in
                    let outcome = try handle.perform { batch in
                        batch.add(dns)
                        batch.add(tunnel, to: dns.id)
                    }
                    return outcome.failures.map(\.error)
                }
            ]
        ),
        Kind(name: "Apply", calls: [{ try $0.apply(try Table([desired])).failures.map(\.error) }]),
    ]

    private static func changing(_ body: @escaping @Sendable (Handle) throws -> Void) -> Call {
        { handle throws -> [IPVSError] in
            try body(handle)
            return []
        }
    }

    /// A call whose result is right or an error.
    private static func reading(_ body: @escaping @Sendable (Handle) throws -> Bool) -> Call {
        { handle throws -> [IPVSError] in
            #expect(try body(handle))
            return []
        }
    }

    /// Makes a call after a fault, and returns the codes of its errors.
    private func codes(
        after fault: InMemoryKernel.Fault,
        at place: Int,
        _ call: (Handle) throws -> [IPVSError]
    ) throws -> Set<String> {
        let kernel = InMemoryKernel()
        let handle = try Handle(testing: kernel)
        try handle.add(web)
        try handle.add(real, to: web.id)
        kernel.inject(fault, at: place)
        var errors: [IPVSError]
        do { errors = try call(handle) } catch let error as IPVSError { errors = [error] }
        // The fault is over, and the handle agrees with the kernel, and can make its table what it should be.
        kernel.removeFaults()
        #expect(try handle.table() == kernel.table)
        let desired = try Table([Table.Entry(six), Self.desired])
        #expect(try handle.apply(desired).failures.isEmpty)
        #expect(kernel.table == desired)
        return Set(errors.map(\.code.description))
    }

    /// What comes of a fault in all calls of a kind.
    private func cell(_ fault: InMemoryKernel.Fault, _ kind: Kind) throws -> String {
        let all = try kind.calls.map { try codes(after: fault, at: kind.place, $0) }
        #expect(all.allSatisfy { $0.count <= 1 })
        let words = Set(all.map { codes in codes.first.map { "`\($0)`" } ?? "succeeds" })
        return words.sorted().joined(separator: " or ")
    }

    @Test("It is that of the article")
    func article() throws {
        let lines = try Self.faults.map { name, fault in
            let cells = try Self.kinds.map { try cell(fault, $0) }
            return "| ``InMemoryKernel/Fault/\(name)`` | \(cells.joined(separator: " | ")) |"
        }
        let head =
            "| Fault | \(Self.kinds.map(\.name).joined(separator: " | ")) |\n|---|\(Self.kinds.map { _ in "---|" }.joined())"
        let table = "\(head)\n\(lines.joined(separator: "\n"))\n"
        print(table)
        let article = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/IPVSTesting/IPVSTesting.docc/IPVSTesting.md").standardizedFileURL
        #expect(try String(contentsOf: article, encoding: .utf8).contains(table))
        #expect(Set(InMemoryKernel.Fault.allAnswerFaults).isSubset(of: Self.faults.map(\.fault)))
    }

    @Test("A handle that is closed says so in each call")
    func closedHandle() throws {
        for call in Self.kinds.flatMap(\.calls) {
            let handle = try Handle(testing: InMemoryKernel())
            handle.close()
            let error = #expect(throws: IPVSError.self) { try call(handle) }
            #expect(error?.code == .handleClosed)
        }
    }
}
