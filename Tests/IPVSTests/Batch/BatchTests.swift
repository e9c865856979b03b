import CIPVS
import Glibc
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Batches")
struct BatchTests {
    @Test("A batch holds its changes in their order")
    func contents() {
        var batch = Handle.Batch()
        #expect(batch.isEmpty && batch.count == 0)
        batch.reserveCapacity(100)
        #expect(batch.isEmpty)
        #expect(batch == Handle.Batch())
        let sample = Handle.Batch(Handle.Batch.sample)
        #expect(!sample.isEmpty && sample.count == 8)
        #expect(sample.requests == Handle.Batch.sample)
        #expect(sample == Handle.Batch(Handle.Batch.sample))
        #expect(sample != Handle.Batch(Handle.Batch.sample(from: 1)))
        #expect(Set([sample, Handle.Batch(Handle.Batch.sample), batch]).count == 2)
    }

    @Test("A batch without changes sends nothing")
    func empty() throws {
        let kernel = BatchKernel()
        let handle = try Handle(channel: kernel)
        let outcome = try handle.perform(Handle.Batch())
        #expect(outcome.succeeded == 0)
        #expect(outcome.failures.isEmpty)
        #expect(kernel.parts.isEmpty)
        #expect(kernel.waits.isEmpty)
    }

    @Test("All changes go in one send; only the last requests an acknowledgement", arguments: 1...8)
    func oneSend(count: Int) throws {
        let kernel = BatchKernel()
        let requests = Array(Handle.Batch.sample[..<count])
        let outcome = try kernel.perform(Handle.Batch(requests))
        #expect(outcome.succeeded == count)
        #expect(outcome.failures.isEmpty)
        #expect(kernel.parts.count == 1)
        expectSent(kernel.requests, requests)
        let request = UInt16(NLM_F_REQUEST)
        let flags = Array(repeating: request, count: count - 1) + [request | UInt16(NLM_F_ACK)]
        #expect(kernel.requests.map(\.flags) == flags)
        #expect(kernel.requests.allSatisfy { $0.type == ScriptedChannel.family && $0.port == kernel.port })
        #expect(Set(kernel.requests.map(\.sequence)).count == count)
        #expect(kernel.waits == [true])
    }

    /// The error that a single call throws for it.
    private func single(_ request: Request, _ errno: Int32) throws -> IPVSError {
        let handle = try Handle(channel: AnsweringChannel { _ in [[.error(errno)]] })
        return try expectError { try handle.send(request) }
    }

    @Test(
        "Any change can fail, with the error of the single call, and the others are made",
        arguments: [EEXIST, ENOENT, ESRCH, EINVAL, ERANGE, EPERM, EAFNOSUPPORT, ENOMEM, ENOBUFS, EINTR, EAGAIN, 4095]
    )
    func everyFailure(errno: Int32) throws {
        for start in 0..<8 {
            let requests = Handle.Batch.sample(from: start)
            for place in 0..<8 {
                let kernel = BatchKernel(.failing([place: errno]))
                let outcome = try kernel.perform(Handle.Batch(requests))
                #expect(outcome.succeeded == 7)
                let failure = try #require(outcome.failures.first)
                #expect(outcome.failures.count == 1)
                #expect(failure.index == place)
                #expect(failure.error == (try single(requests[place], errno)))
                #expect(failure.error.errno == errno)
                #expect("\(failure.error)".hasPrefix("can't \(IPVSError.Operation(requests[place])): "))
                expectSent(kernel.requests, requests)
            }
        }
    }

    @Test("Any set of changes can fail, up to all of them")
    func everySet() throws {
        for set in 0..<256 {
            let failing = (0..<8).filter { set >> $0 & 1 == 1 }
            let errnos = Dictionary(uniqueKeysWithValues: failing.map { ($0, $0 % 2 == 0 ? ESRCH : EINVAL) })
            let outcome = try BatchKernel(.failing(errnos)).perform(Handle.Batch(Handle.Batch.sample))
            #expect(outcome.succeeded == 8 - failing.count)
            #expect(outcome.failures.map(\.index) == failing)
            for failure in outcome.failures {
                #expect(failure.error.errno == errnos[failure.index])
                #expect(failure.error.operation == IPVSError.Operation(Handle.Batch.sample[failure.index]))
            }
        }
    }

    @Test("The kernel's message is part of the failure")
    func words() throws {
        let kernel = BatchKernel(
            .init(tamper: { _, requests, events in
                events.insert(.datagram(Reply.error(EINVAL, text: "no luck").bytes(for: requests[2])), at: 0)
            })
        )
        let outcome = try kernel.perform(Handle.Batch(Handle.Batch.sample))
        #expect(outcome.codes == [2: .invalidValue])
        #expect(outcome.failures.first?.error.kernelMessage == "no luck")
    }

    /// Values that no kernel accepts, and the invalid field.
    private static let invalid: [(request: Request, field: IPVSError.FieldPath)] = {
        let mark = VirtualServer.Identity.firewallMark(7)
        let real = RealServer(IPAddress(10, 0, 0, 1), 80, forwarding: .masquerade)
        let heavy = RealServer(real.endpoint, forwarding: .masquerade, weight: 0x8000_0000)
        let low = RealServer(real.endpoint, forwarding: .masquerade, lowerThreshold: 1)
        return [
            (.addVirtualServer(VirtualServer(.firewallMark(0))), "id"),
            (.updateVirtualServer(VirtualServer(mark, scheduler: Scheduler(rawValue: ""))), "scheduler"),
            (.addVirtualServer(VirtualServer(mark, scheduler: Scheduler(rawValue: "a\0b"))), "scheduler"),
            (.addVirtualServer(VirtualServer(mark, persistence: Persistence(timeout: .max))), "persistence.timeout"),
            (.deleteVirtualServer(.firewallMark(0)), "id"),
            (.addRealServer(heavy, mark), "weight"),
            (.updateRealServer(low, mark), "lowerThreshold"),
            (.deleteRealServer(real.endpoint, .firewallMark(0)), "id"),
        ]
    }()

    @Test("A refused value is not sent, and its error names the field; the other changes are made")
    func everyInvalidValue() throws {
        for (request, field) in Self.invalid {
            for place in 0...8 {
                let kernel = BatchKernel()
                var requests = Handle.Batch.sample
                requests.insert(request, at: place)
                let outcome = try kernel.perform(Handle.Batch(requests))
                #expect(outcome.succeeded == 8)
                #expect(outcome.codes == [place: .invalidValue])
                let error = try #require(outcome.failures.first?.error)
                #expect(error.field == field)
                #expect(error.errno == nil)
                #expect(error == (try expectError { try Handle(channel: kernel).send(request) }))
                expectSent(kernel.requests, Handle.Batch.sample)
            }
        }
    }

    @Test("A batch of nothing but refused values sends nothing")
    func onlyInvalidValues() throws {
        let kernel = BatchKernel()
        let outcome = try kernel.perform(Handle.Batch(Self.invalid.map(\.request)))
        #expect(outcome.succeeded == 0)
        #expect(outcome.failures.map(\.index) == Array(0..<8))
        #expect(outcome.failures.map(\.error.field) == Self.invalid.map(\.field))
        #expect(kernel.parts.isEmpty)
    }

    /// Each of six changes is made, fails or is refused, in every combination; sent in parts of several sizes.
    @Test("Changes that are made, fail or are refused are distinguished in any combination", arguments: [1, 2, 4, 100])
    func mixtures(capacity: Int) throws {
        for number in 0..<729 {
            var digits = number
            let kinds = (0..<6).map { _ -> Int in
                defer { digits /= 3 }
                return digits % 3
            }
            let requests = (0..<6).map { kinds[$0] == 2 ? Self.invalid[$0].request : Handle.Batch.sample[$0] }
            let sent = (0..<6).filter { kinds[$0] != 2 }
            let failing = Dictionary(
                uniqueKeysWithValues: sent.enumerated().filter { kinds[$1] == 1 }.map { ($0.offset, ERANGE) }
            )
            let kernel = BatchKernel(answerCapacity: capacity, .failing(failing))
            let outcome = try kernel.perform(Handle.Batch(requests))
            #expect(outcome.failures.map(\.index) == (0..<6).filter { kinds[$0] != 0 })
            #expect(outcome.succeeded == kinds.count { $0 == 0 })
            for failure in outcome.failures {
                let expected = kinds[failure.index] == 1 ? nil : Self.invalid[failure.index].field
                #expect(failure.error.field == expected)
                #expect(failure.error.errno == (expected == nil ? ERANGE : nil))
            }
            expectSent(kernel.requests, sent.map { requests[$0] })
        }
    }

    @Test("A closed handle makes no batch", arguments: [0, 7])
    func closed(start: Int) throws {
        let kernel = BatchKernel()
        let handle = try Handle(channel: kernel)
        handle.close()
        let batch = Handle.Batch(Handle.Batch.sample(from: start))
        let error = try expectError(.handleClosed) { _ = try handle.perform(batch) }
        #expect(error.operation == IPVSError.Operation(batch.requests[0]))
        #expect(kernel.parts.isEmpty)
    }

    @Test("Batches and single calls alternate on one handle")
    func turns() throws {
        let kernel = BatchKernel(.failing([8: ESRCH, 12: EEXIST]))
        let handle = try Handle(channel: kernel)
        #expect(try handle.perform(Handle.Batch(Handle.Batch.sample)).failures.isEmpty)
        try expectError(.virtualServerNotFound) { try handle.send(Handle.Batch.sample[5]) }
        try handle.send(Handle.Batch.sample[0])
        #expect(try handle.perform(Handle.Batch(Handle.Batch.sample)).codes == [2: .system])
        expectSent(
            kernel.requests,
            Handle.Batch.sample + [Handle.Batch.sample[5], Handle.Batch.sample[0]] + Handle.Batch.sample
        )
        let sequences = kernel.requests.map(\.sequence)
        #expect(sequences == Array(sequences[0]..<sequences[0] + 18))
    }
}
