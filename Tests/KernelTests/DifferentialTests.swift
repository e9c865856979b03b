import CIPVS
import Foundation
import IPVS
import IPVSTestKernel
import IPVSTestModels
import Netlink
import Testing

@testable import IPVSTesting

extension KernelTests {
    /// The kernel in memory of IPVSTesting answers as the real one does.
    @Suite struct Differential {
        /// The number of commands, in histories of this length. Each history has a namespace of its own.
        private static let count =
            ProcessInfo.processInfo.environment["IPVS_DIFFERENTIAL_COMMANDS"].flatMap(Int.init) ?? 15_000
        private static let historyLength = 1_000

        private static let firstSeed =
            ProcessInfo.processInfo.environment["IPVS_DIFFERENTIAL_SEED"].flatMap(UInt64.init) ?? 1

        @Test func theSameAnswers() throws {
            for scheduler in ["lblc", "lblcr"] { _ = try TestProcess.run(["modprobe", "ip_vs_\(scheduler)"]) }
            let start = Date()
            var (compared, succeeded, unanswered, different) = (0, 0, 0, 0)
            var seed = Self.firstSeed
            while compared < Self.count {
                var history = try History(seed: seed)
                let end = min(Self.historyLength, Self.count - compared)
                while history.compared < end, try history.step() {}
                if history.difference == nil { #expect(try history.tablesAreEqual, "seed \(seed)") }
                compared += history.compared
                succeeded += history.succeeded
                unanswered += history.unanswered
                if let difference = history.difference {
                    different += 1
                    Issue.record("seed \(seed), command \(history.compared): \(difference)")
                    if different == 10 { break }
                }
                seed += 1
            }
            let time = Date().timeIntervalSince(start)
            print(
                "\(compared) commands compared, of which \(succeeded) succeeded, in \(Int(time)) s on Linux \(release):",
                "\(different) differences, \(unanswered) daemons stopped without an answer"
            )
        }
    }
}

extension RandomMessage {
    /// Whether it can be sent together with others: one list at a time can be read, and daemons need time to start.
    fileprivate var canBeInBatch: Bool { !isDump && ![IPVS_CMD_NEW_DAEMON, IPVS_CMD_DEL_DAEMON].contains(command) }
}

private let release: String = {
    var name = utsname()
    uname(&name)
    return withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}()

/// The same commands to a real namespace and to a kernel in memory.
private struct History {
    private let namespace: TestNamespace
    private let kernel: InMemoryKernel
    private let real: Line
    private let model: Line
    private var messages: RandomMessages
    private var sequence: UInt32 = 100

    private(set) var compared = 0
    private(set) var succeeded = 0
    private(set) var unanswered = 0
    private(set) var difference: String?

    init(seed: UInt64) throws {
        namespace = try TestNamespace()
        try ErrorRow.interface(namespace, try namespace.open())
        kernel = try InMemoryKernel(like: namespace)
        real = try Line(NetlinkSocket(in: HeldNamespace(path: namespace.path), protocol: NETLINK_GENERIC))
        model = try Line(kernel.openSocket())
        messages = RandomMessages(seed: seed)
    }

    /// Whether both have the same table, as values.
    var tablesAreEqual: Bool { get throws { try namespace.open().table() == kernel.table } }

    /// Makes one command, or several with one call. Returns false if the answers differ.
    mutating func step() throws -> Bool {
        var batch = [messages.next()]
        while batch[0].canBeInBatch, messages.isBatch() || batch.count > 1 && messages.once(in: 2) {
            let more = messages.next()
            if more.canBeInBatch { batch.append(more) }
        }
        var asked = batch.map { _ in messages.once(in: 2) }
        asked[batch.count - 1] = true
        let seen = real.exchange(batch, acknowledging: asked, first: sequence)
        let expected = model.exchange(batch, acknowledging: asked, first: sequence)
        sequence += UInt32(batch.count)
        // So that the daemon's thread runs before it is stopped; see below.
        if batch[0].command == IPVS_CMD_NEW_DAEMON { usleep(5_000) }
        compared += batch.count
        succeeded += seen.successes
        // A kernel that is asked to stop a daemon whose thread has not run yet stops it, and gives no answer.
        if batch[0].command == IPVS_CMD_DEL_DAEMON, seen.isLost, expected.successes == 1 {
            unanswered += 1
            return true
        }
        let isHashed = batch[0].isDump && batch[0].command != IPVS_CMD_GET_DEST
        guard isHashed ? seen.sorted == expected.sorted : seen == expected else {
            let commands = batch.map { "command \($0.command) \($0.isDump ? "list " : "")\($0.attributes)" }
            difference =
                "\(commands.joined(separator: "\n"))\nkernel:\n\(seen.description)\nin memory:\n\(expected.description)"
            return false
        }
        return true
    }
}

extension InMemoryKernel {
    /// A kernel with the version, the interfaces and the clock of a real one.
    convenience init(like namespace: TestNamespace) throws {
        let version: InMemoryKernel.Version =
            release.hasPrefix("6.1.") ? .v6_1 : release.hasPrefix("6.") ? .v6_12 : .v7
        let ticks = try Self.ticksPerSecond(namespace)
        self.init(version: version, interfaces: ["lo", "mc0"], ticksPerSecond: ticks)
    }

    /// The speed of the kernel's clock, which the longest timeout shows.
    private static func ticksPerSecond(_ namespace: TestNamespace) throws -> UInt32 {
        let handle = try namespace.open()
        let before = try handle.timeouts()
        // Were they not reset, the first comparison of timeouts would tell.
        defer { try? handle.setTimeouts(before) }
        for ticks: UInt32 in [100, 250, 300] {
            // An error is the answer: the timeout is too long for this clock.
            if (try? handle.setTimeouts(Timeouts(udp: UInt32(Int32.max) / ticks))) != nil { return ticks }
        }
        return 1_000
    }
}
