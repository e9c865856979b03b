import Foundation
import IPVS
import IPVSTestKernel
import Testing

@testable import ipvsctl

extension KernelTests {
    /// The same line with ipvsadm in one namespace and with ipvsctl in another.
    @Suite struct Differential {
        @Test func everyLineOfTheFile() throws {
            let pair = try Pair()
            for line in try DifferentialLine.all() {
                if let command = line.command { try pair.inBoth(command) } else { try pair.compare(line) }
            }
            print("differential: \(pair.count) lines of the file compared")
            #expect(pair.count >= 200)
        }

        @Test(arguments: [1, 2, 3] as [UInt64]) func randomLines(seed: UInt64) throws {
            let pair = try Pair()
            var lines = RandomLines(seed: seed)
            for number in 1...50 {
                let line = DifferentialLine(number: number, words: lines.line())
                try pair.compare(line, comment: "seed \(seed), \(line)")
            }
            print("differential: \(pair.count) random lines of seed \(seed) compared, \(pair.failures) of them refused")
            #expect(pair.failures > 0 && pair.failures < pair.count)
        }
    }
}

/// A namespace for each program, whose tables must stay the same.
final class Pair {
    let theirs: TestNamespace
    let ours: TestNamespace
    private let theirHandle: Handle
    private let ourHandle: Handle
    private(set) var count = 0
    /// The number of lines that both programs refused.
    private(set) var failures = 0

    init() throws {
        theirs = try TestNamespace()
        ours = try TestNamespace()
        theirHandle = try theirs.open()
        ourHandle = try ours.open()
    }

    func inBoth(_ command: String) throws {
        for namespace in [theirs, ours] {
            let result = try Spawned.run(["/bin/sh", "-c", command], in: namespace)
            guard result.hasSucceeded else { throw TestFailure("\(command): \(result.complaint)") }
        }
    }

    /// Runs a line with both programs and compares the results.
    func compare(_ line: DifferentialLine, comment: String? = nil) throws {
        let name = comment ?? line.description
        let expected = try Spawned.run([Spawned.ipvsadm] + line.words, in: theirs, input: line.input)
        // Lines that only read are compared in one namespace: each namespace has its own order.
        let place = line.isListing ? theirs : ours
        let result = try Spawned.ipvsctl(line.words, in: place, input: line.input)
        count += 1
        if !expected.hasSucceeded && !result.hasSucceeded { failures += 1 }

        let hasSameStatus = expected.hasSucceeded == result.hasSucceeded
        #expect(
            hasSameStatus != line.differences.contains(.status),
            "\(name): ipvsadm \(expected.status) \(expected.complaint), ipvsctl \(result.status) \(result.complaint)"
        )
        if !result.hasSucceeded {
            #expect(result.complaint.hasPrefix("ipvsctl: "), "\(name): a failure says why: \(result.complaint)")
        }
        if line.isListing {
            let difference = expected.hasSucceeded ? Self.difference(expected.output, result.output) : nil
            #expect(
                (difference == nil) != line.differences.contains(.output),
                "\(name)\n\(difference ?? "the same")\n\(result.complaint)"
            )
            // If it wrongly changed anything, the next line that may change the table will show that.
            return
        }
        let (their, our) = (try theirHandle.table(), try ourHandle.table())
        // If the status differs intentionally, the table may differ too.
        if !line.differences.contains(.status) {
            #expect(
                (their == our) != line.differences.contains(.table),
                "\(name)\nipvsadm:\n\(their)\nipvsctl:\n\(our)"
            )
        }
        #expect(try theirHandle.timeouts() == ourHandle.timeouts(), "\(name)")
        #expect(try theirHandle.syncDaemons() == ourHandle.syncDaemons(), "\(name)")
    }

    /// The lines that only one of two texts has; nil if the texts are the same, byte for byte.
    static func difference(_ expected: String, _ text: String) -> String? {
        guard !expected.utf8.elementsEqual(text.utf8) else { return nil }
        let (left, right) = (expected.components(separatedBy: "\n"), text.components(separatedBy: "\n"))
        let changes = right.difference(from: left).map { change in
            switch change {
            case .remove(_, let line, _): "ipvsadm: \(line)"
            case .insert(_, let line, _): "ipvsctl: \(line)"
            }
        }
        return changes.joined(separator: "\n")
    }
}
