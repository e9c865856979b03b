import CIPVS
import Glibc
import IPVSTestModels
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Batches of several sends")
struct BatchPartTests {
    private typealias Script = BatchKernel.Script

    @Test("A send has no more requests than the buffer has room for answers", arguments: 1...9)
    func answerCapacity(capacity: Int) throws {
        for set in 0..<256 {
            let failing = (0..<8).filter { set >> $0 & 1 == 1 }
            let kernel = BatchKernel(
                answerCapacity: capacity,
                .failing(Dictionary(uniqueKeysWithValues: failing.map { ($0, ESRCH) }))
            )
            let outcome = try kernel.perform(Handle.Batch(Handle.Batch.sample))
            #expect(outcome.failures.map(\.index) == failing)
            #expect(outcome.succeeded == 8 - failing.count)
            let sizes = stride(from: 0, to: 8, by: capacity).map { min(capacity, 8 - $0) }
            #expect(kernel.parts.map(\.count) == sizes)
            expectSent(kernel.requests, Handle.Batch.sample)
            let ack = UInt16(NLM_F_ACK)
            #expect(
                kernel.parts.allSatisfy { part in part.map { $0.flags & ack } == part.map { _ in 0 }.dropLast() + [ack]
                }
            )
        }
    }

    @Test("A send is no longer than a socket accepts, and no shorter than necessary")
    func bytes() throws {
        var models = RandomModels(seed: 11)
        let requests = (0..<6_000).map { _ -> Request in
            let server = models.virtualServer()
            switch models.number(0...UInt8(3)) {
            case 0: return .addVirtualServer(server)
            case 1: return .deleteVirtualServer(server.id)
            default: return .addRealServer(models.realServer(for: server.id), server.id)
            }
        }
        let failing = Dictionary(uniqueKeysWithValues: stride(from: 3, to: 6_000, by: 7).map { ($0, EINVAL) })
        let kernel = BatchKernel(answerCapacity: .max, .failing(failing))
        let outcome = try kernel.perform(Handle.Batch(requests))
        #expect(outcome.codes == failing.mapValues { _ in .invalidValue })
        expectSent(kernel.requests, requests)
        let sizes = kernel.parts.map { $0.reduce(0) { $0 + $1.bytes.count } }
        #expect(sizes.count > 2)
        #expect(sizes.allSatisfy { $0 <= RequestBuffer.defaultCapacity })
        for (size, next) in zip(sizes, kernel.parts.dropFirst()) {
            #expect(size + next[0].bytes.count > RequestBuffer.defaultCapacity)
        }
        let sequences = kernel.requests.map(\.sequence)
        #expect(sequences == Array(sequences[0]..<sequences[0] + 6_000))
    }

    @Test("A lost last answer leaves only its own part's outcome unknown", arguments: 0...2)
    func lostPart(part: Int) throws {
        let kernel = BatchKernel(
            answerCapacity: 3,
            Script(
                verdict: { $0 % 3 == 1 ? EINVAL : 0 },
                tamper: { number, _, events in if number == part { events.removeLast() } }
            )
        )
        let outcome = try kernel.perform(Handle.Batch(Handle.Batch.sample))
        // The last part is the one whose last request fails.
        let lost = [[0, 2], [3, 5], [6, 7]][part]
        var codes = [1: IPVSError.Code.invalidValue, 4: .invalidValue, 7: .invalidValue]
        for index in lost { codes[index] = .answerLost }
        #expect(outcome.codes == codes)
        #expect(outcome.failures.map(\.index) == codes.keys.sorted())
        expectSent(kernel.requests, Handle.Batch.sample)
    }

    @Test("A first send that fails is thrown for the first change; the handle still works", arguments: [EPIPE, EPERM])
    func brokenFirstSend(errno: Int32) throws {
        let kernel = BatchKernel(
            answerCapacity: 3,
            Script(prepare: { number, _ in number == 0 ? errno : nil })
        )
        let handle = try Handle(channel: kernel)
        let error = try expectError { _ = try handle.perform(Handle.Batch(Handle.Batch.sample)) }
        #expect(error.code == (errno == EPERM ? .permissionDenied : .system))
        #expect(error.errno == errno)
        #expect(error.operation == IPVSError.Operation(Handle.Batch.sample[0]))
        #expect(kernel.parts.isEmpty)
        #expect(try handle.perform(Handle.Batch(Handle.Batch.sample)).failures.isEmpty)
    }

    @Test("A later send that fails is the failure of all changes that were not sent", arguments: 1...2)
    func brokenLaterSend(part: Int) throws {
        let kernel = BatchKernel(
            answerCapacity: 3,
            Script(
                verdict: { $0 == 1 ? EEXIST : 0 },
                prepare: { number, _ in number == part ? ENOMEM : nil }
            )
        )
        let handle = try Handle(channel: kernel)
        let outcome = try handle.perform(Handle.Batch(Handle.Batch.sample))
        let unsent = part * 3..<8
        var codes = [1: IPVSError.Code.realServerExists]
        for index in unsent { codes[index] = .system }
        #expect(outcome.codes == codes)
        #expect(outcome.succeeded == unsent.lowerBound - 1)
        for failure in outcome.failures.dropFirst() {
            #expect(failure.error.errno == ENOMEM)
            #expect(failure.error.operation == IPVSError.Operation(Handle.Batch.sample[failure.index]))
        }
        expectSent(kernel.requests, Array(Handle.Batch.sample[..<unsent.lowerBound]))
        #expect(try handle.perform(Handle.Batch(Handle.Batch.sample)).failures.isEmpty)
    }
}

@Suite("The module is reloaded during a batch")
struct BatchReloadTests {
    private typealias Script = BatchKernel.Script

    private static let refused = Request.deleteVirtualServer(.firewallMark(0))

    @Test("Requests that were sent to an outdated family number are sent again with the new one", arguments: 0...2)
    func newNumber(part: Int) throws {
        // The refused value is the second of the batch, so the parts start after 0, 4 and 7.
        let requests = [Handle.Batch.sample[0], Self.refused] + Handle.Batch.sample[1...]
        let kernel = BatchKernel(
            answerCapacity: 3,
            Script(
                // One of each part, including those that were sent to the outdated number.
                verdict: { $0 % 3 == 2 ? ESRCH : 0 },
                prepare: { number, family in
                    if number == part { family = 0x2e }
                    return nil
                }
            )
        )
        let handle = try Handle(channel: kernel)
        let outcome = try handle.perform(Handle.Batch(requests))
        var parts = [Handle.Batch.sample[0..<3], Handle.Batch.sample[3..<6], Handle.Batch.sample[6..<8]]
        parts.insert(parts[part], at: part)
        #expect(kernel.parts.count == 4)
        for (sent, requests) in zip(kernel.parts, parts) { expectSent(sent, Array(requests)) }
        #expect(kernel.parts.map { $0[0].type } == (0...3).map { $0 <= part ? ScriptedChannel.family : 0x2e })
        // The last part has a third request only if the part before it was sent to an outdated number.
        var codes: [Int: IPVSError.Code] = [1: .invalidValue, 3: .virtualServerNotFound, 6: .virtualServerNotFound]
        if part == 2 { codes[7] = .virtualServerNotFound }
        #expect(outcome.codes == codes)
        #expect(outcome.failures.first?.error.field == "id")
        #expect(Set(kernel.requests.map(\.sequence)).count == kernel.requests.count)
        #expect(try handle.perform(Handle.Batch(requests)).succeeded > 0)
        #expect(kernel.parts.last?.first?.type == 0x2e)
    }

    @Test("Reloaded repeatedly: no change is lost")
    func twice() throws {
        let kernel = BatchKernel(
            answerCapacity: 3,
            Script(prepare: { number, family in
                if number < 6 { family = 0x20 + UInt16(number) }
                return nil
            })
        )
        let outcome = try kernel.perform(Handle.Batch(Handle.Batch.sample))
        #expect(outcome.failures.isEmpty)
        #expect(kernel.parts.last?.count == 2)
        expectSent(kernel.parts.filter { $0[0].type == 0x25 }.flatMap { $0 }, Handle.Batch.sample)
    }

    @Test("Requests for objects that don't exist, under an unchanged number, are not sent again")
    func sameNumber() throws {
        let kernel = BatchKernel(answerCapacity: 3, Script(verdict: { $0 == 7 ? 0 : ENOENT }))
        let outcome = try kernel.perform(Handle.Batch(Handle.Batch.sample))
        #expect(outcome.failures.map(\.index) == Array(0..<7))
        #expect(outcome.codes[0] == .schedulerNotFound)
        #expect(outcome.codes[3] == .realServerNotFound)
        expectSent(kernel.requests, Handle.Batch.sample)
    }

    @Test("A module that is unloaded before the first change is an error, and the handle finds it later")
    func goneAtOnce() throws {
        let kernel = BatchKernel(
            answerCapacity: 3,
            Script(prepare: { number, family in
                family = number == 0 ? nil : ScriptedChannel.family
                return nil
            })
        )
        let handle = try Handle(channel: kernel)
        let error = try expectError(.ipvsUnavailable) { _ = try handle.perform(Handle.Batch(Handle.Batch.sample)) }
        #expect(error.operation == IPVSError.Operation(Handle.Batch.sample[0]))
        // It is still unloaded: the family is looked up before anything is sent.
        try expectError(.ipvsUnavailable) { _ = try handle.perform(Handle.Batch(Handle.Batch.sample)) }
        #expect(kernel.parts.count == 1)
    }

    @Test("A module that is unloaded later is the failure of all changes that were not made", arguments: 1...2)
    func goneLater(part: Int) throws {
        let kernel = BatchKernel(
            answerCapacity: 3,
            Script(
                verdict: { $0 == 1 ? EEXIST : 0 },
                prepare: { number, family in
                    if number == part { family = nil }
                    return nil
                }
            )
        )
        let outcome = try kernel.perform(Handle.Batch(Handle.Batch.sample))
        var codes = [1: IPVSError.Code.realServerExists]
        for index in part * 3..<8 { codes[index] = .ipvsUnavailable }
        #expect(outcome.codes == codes)
        #expect(
            outcome.failures.allSatisfy { $0.error.operation == IPVSError.Operation(Handle.Batch.sample[$0.index]) }
        )
        #expect(kernel.parts.count == part + 1)
    }

    @Test("Changes that were made stay made if the module is unloaded right after them", arguments: [false, true])
    func goneAfterwards(isDoubtful: Bool) throws {
        let kernel = BatchKernel(
            answerCapacity: 4,
            Script(
                verdict: { [0: ENOENT, 2: ESRCH][$0] ?? 0 },
                conclude: { _, family in family = nil },
                tamper: { number, _, events in if isDoubtful, number == 0 { events.insert(.fail(ENOBUFS), at: 1) } }
            )
        )
        let outcome = try kernel.perform(Handle.Batch(Handle.Batch.sample))
        var codes: [Int: IPVSError.Code] = [0: .schedulerNotFound, 2: .virtualServerNotFound]
        if isDoubtful { codes[1] = .answerLost }
        for index in 4..<8 { codes[index] = .ipvsUnavailable }
        #expect(outcome.codes == codes)
        expectSent(kernel.requests, Handle.Batch.sample)
    }

    @Test("An outdated number is detected even if some of its answers are lost", arguments: 1...3)
    func voidAndLost(place: Int) throws {
        let kernel = BatchKernel(
            answerCapacity: 4,
            Script(
                prepare: { number, family in
                    if number == 0 { family = 0x2e }
                    return nil
                },
                tamper: { number, _, events in
                    if number == 0 { events.replaceSubrange(place..., with: [.fail(ENOBUFS)]) }
                }
            )
        )
        let outcome = try kernel.perform(Handle.Batch(Handle.Batch.sample))
        #expect(outcome.failures.isEmpty)
        expectSent(Array(kernel.requests[4...]), Handle.Batch.sample)
    }
}
