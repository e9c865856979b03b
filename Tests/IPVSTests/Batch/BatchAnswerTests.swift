import CIPVS
import Glibc
import IPVSTestModels
import Testing

@testable import IPVS

@Suite("Incomplete answers to a batch")
struct BatchAnswerTests {
    private typealias Script = BatchKernel.Script

    /// Three of eight changes fail. The fourth answer acknowledges the last change, which succeeds.
    private static let failing: [Int: Int32] = [1: EEXIST, 2: ESRCH, 6: EINVAL]
    private static let known: [Int: IPVSError.Code] = [
        1: .realServerExists, 2: .virtualServerNotFound, 6: .invalidValue,
    ]

    /// The known failures, and lost answers at other indices.
    private func codes(_ known: [Int: IPVSError.Code], lost: [Int]) -> [Int: IPVSError.Code] {
        known.merging(lost.map { ($0, .answerLost) }) { first, _ in first }
    }

    private func script(
        failing: [Int: Int32] = failing,
        _ tamper: @escaping @Sendable (Int, [SentRequest], inout [BatchKernel.Event]) -> Void
    ) -> Script {
        Script(verdict: { failing[$0] ?? 0 }, tamper: tamper)
    }

    /// Sends the sample, and then a second batch, which must have the outcome that the kernel reports.
    private func perform(_ kernel: BatchKernel) throws -> Handle.Batch.Outcome {
        let handle = try Handle(channel: kernel)
        let outcome = try handle.perform(Handle.Batch(Handle.Batch.sample))
        let next = try handle.perform(Handle.Batch(Handle.Batch.sample))
        #expect(next.failures.isEmpty && next.succeeded == 8)
        expectSent(kernel.requests, Handle.Batch.sample + Handle.Batch.sample)
        return outcome
    }

    @Test("The last answer, which is always requested, is lost: changes without an answer may have been made")
    func noLastAnswer() throws {
        let kernel = BatchKernel(script { number, _, events in if number == 0 { events.removeLast() } })
        let outcome = try perform(kernel)
        #expect(outcome.codes == codes(Self.known, lost: [0, 3, 4, 5, 7]))
        #expect(outcome.succeeded == 0)
        #expect(
            outcome.failures[0].error.description == "can't add virtual server TCP 10.96.0.1:80: "
                + "the kernel's answer was lost, so whether it took effect is unknown: list and see"
        )
        // It waits until no answer can arrive any more.
        #expect(kernel.waits == [true, true, true, true, true])
    }

    @Test("Answers that come twice count once")
    func doubledAnswers() throws {
        let kernel = BatchKernel(
            script { number, _, events in if number == 0 { events = events.flatMap { [$0, $0] } } }
        )
        let outcome = try perform(kernel)
        #expect(outcome.codes == Self.known && outcome.failures.count == 3)
        #expect(outcome.succeeded == 5)
    }

    @Test("A datagram that did not fit, cut at the end of a message, may have had answers")
    func cutBetweenMessages() throws {
        // Messages that answer nothing fill the buffer up to its end.
        let filler = (0..<2048).flatMap { _ in [UInt8]([16, 0, 0, 0, 1]) + [UInt8](repeating: 0, count: 11) }
        let kernel = BatchKernel(
            script { number, _, events in
                guard number == 0, case .datagram(let bytes, _) = events[0] else { return }
                events[0] = .datagram(filler + bytes)
            }
        )
        let outcome = try perform(kernel)
        #expect(outcome.codes == codes([2: .virtualServerNotFound, 6: .invalidValue], lost: [0, 1, 3, 4, 5]))
    }

    @Test("Without any answer, the outcome of all changes is unknown")
    func silence() throws {
        let kernel = BatchKernel(script(failing: [:]) { number, _, events in if number == 0 { events = [] } })
        #expect(try perform(kernel).codes == codes([:], lost: Array(0..<8)))
    }

    @Test("The last change fails: its error is the requested answer")
    func lastFails() throws {
        let kernel = BatchKernel(.failing([7: ESRCH]))
        let outcome = try perform(kernel)
        #expect(outcome.codes == [7: .virtualServerNotFound])
        #expect(kernel.waits == [true, true])
    }

    @Test("Answers were dropped, at any position: changes without an answer may have failed", arguments: 0...3)
    func overrun(place: Int) throws {
        let kernel = BatchKernel(
            script { number, _, events in if number == 0 { events.insert(.fail(ENOBUFS), at: place) } }
        )
        let outcome = try perform(kernel)
        // The last change is known to be made even then.
        #expect(outcome.codes == codes(Self.known, lost: [0, 3, 4, 5]))
        #expect(outcome.succeeded == 1)
        let waits = (0..<5).map { $0 <= place }
        #expect(kernel.waits == waits + [true])
    }

    @Test("Answers were dropped, including the last one: it is not waited for", arguments: 0...3)
    func overrunInsteadOfLastAnswer(place: Int) throws {
        let kernel = BatchKernel(
            script { number, _, events in
                guard number == 0 else { return }
                events.replaceSubrange(place..., with: [.fail(ENOBUFS)])
            }
        )
        let outcome = try perform(kernel)
        let known = Self.known.filter { $0.key <= [-1, 1, 2, 6][place] }
        #expect(outcome.codes == codes(known, lost: (0..<8).filter { known[$0] == nil }))
        #expect(kernel.waits == Array(repeating: true, count: place + 1) + [false, true])
    }

    @Test("Answers were dropped, but every change has its answer")
    func overrunWithAllAnswers() throws {
        let failing = Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, EPERM) })
        let kernel = BatchKernel(
            script(failing: failing) { number, _, events in if number == 0 { events.insert(.fail(ENOBUFS), at: 3) } }
        )
        #expect(try perform(kernel).codes == failing.mapValues { _ in .permissionDenied })
    }

    @Test("Answers dropped before the batch leave its outcome unknown, but not that of later calls")
    func overrunAfter() throws {
        let kernel = BatchKernel(
            script(failing: [:]) { number, _, events in if number == 0 { events += [.fail(ENOBUFS)] } }
        )
        let handle = try Handle(channel: kernel)
        let batch = Handle.Batch(Handle.Batch.sample)
        #expect(try handle.perform(batch).failures.isEmpty)
        #expect(try handle.perform(batch).codes == codes([:], lost: Array(0..<7)))
        #expect(try handle.perform(batch).failures.isEmpty)
    }

    @Test("A receive that fails permanently leaves the outcome of unanswered changes unknown", arguments: 0...3)
    func brokenReceive(place: Int) throws {
        let kernel = BatchKernel(
            script { number, _, events in
                guard number == 0 else { return }
                events.replaceSubrange(place..., with: [.fail(ENOTCONN)])
            }
        )
        let known = Self.known.filter { $0.key <= [-1, 1, 2, 6][place] }
        #expect(try perform(kernel).codes == codes(known, lost: (0..<8).filter { known[$0] == nil }))
    }

    @Test("Interrupted system calls are repeated, however often")
    func interruptions() throws {
        let interrupted = Array(repeating: BatchKernel.Event.fail(EINTR), count: 50)
        var script = script { number, _, events in
            if number == 50 { events = events.flatMap { interrupted + [$0] } }
        }
        script.prepare = { number, _ in number < 50 ? EINTR : nil }
        let kernel = BatchKernel(script)
        #expect(try perform(kernel).codes == Self.known)
        #expect(kernel.waits.allSatisfy { $0 })
    }

    @Test("Interrupted while the remaining answers are read: reading continues without waiting")
    func interruptedDrain() throws {
        let kernel = BatchKernel(
            script { number, _, events in
                if number == 0 { events.insert(contentsOf: [.fail(ENOBUFS), .fail(EINTR), .fail(EINTR)], at: 0) }
            }
        )
        _ = try perform(kernel)
        #expect(kernel.waits.dropLast() == [true] + Array(repeating: false, count: 6))
    }

    @Test("Answers are the same in one datagram, in several, and between empty ones")
    func datagrams() throws {
        let whole = script { _, _, events in
            let bytes = events.flatMap { event -> [UInt8] in
                guard case .datagram(let bytes, _) = event else { return [] }
                return bytes
            }
            events = [.datagram([]), .datagram(bytes), .datagram([])].dropLast()
        }
        #expect(try perform(BatchKernel(whole)).codes == Self.known)
        let gaps = script { _, _, events in events = events.flatMap { [.datagram([]), $0] } }
        #expect(try perform(BatchKernel(gaps)).codes == Self.known)
    }

    @Test("Messages from other processes are ignored")
    func strangers() throws {
        let kernel = BatchKernel(
            script { _, requests, events in
                let refusals = requests.map { Reply.error(EPERM).bytes(for: $0) }
                let successes = requests.map { Reply.ack.bytes(for: $0) }
                let strange = (refusals + successes + [[1, 2, 3]]).map { BatchKernel.Event.datagram($0, sender: 4711) }
                events = events.flatMap { strange + [$0] }
            }
        )
        #expect(try perform(kernel).codes == Self.known)
    }

    @Test("Answers with another sequence number, port or type are ignored")
    func strays() throws {
        var replies: [Reply] = []
        for offset in [-8, -1000, 8, 1000, .max, .min] as [Int32] {
            replies.append(.error(EPERM).sequence(offset: offset))
        }
        for offset in [-1, 1] as [Int32] { replies.append(.error(EPERM).port(offset: offset)) }
        var noop = Reply.error(EPERM)
        noop.type = UInt16(NLMSG_NOOP)
        replies += [noop, .done(EPERM), .message([])]
        let strays = replies
        let kernel = BatchKernel(
            script { _, requests, events in
                // The 8 numbers before the first and after the last belong to no request.
                let first = requests[0], last = requests[7]
                let more = [
                    Reply.ack.sequence(offset: -1).bytes(for: first), Reply.ack.sequence(offset: 1).bytes(for: last),
                ]
                let bytes = [first, last].flatMap { request in strays.map { $0.bytes(for: request) } } + more
                events = bytes.map { .datagram($0) } + [.datagram(bytes.flatMap { $0 })] + events
            }
        )
        #expect(try perform(kernel).codes == Self.known)
    }

    @Test("A late answer is not mistaken for one to the next batch", arguments: [0, EPERM])
    func lateAnswer(errno: Int32) throws {
        let late = Locked<[BatchKernel.Event]>([])
        let kernel = BatchKernel(
            script(failing: [7: errno, 9: ESRCH]) { number, _, events in
                if number == 0 { late.withLock { swap(&$0, &events) } }
                if number == 1 { events = late.withLock { $0 } + events }
            }
        )
        let handle = try Handle(channel: kernel)
        #expect(try handle.perform(Handle.Batch(Handle.Batch.sample)).codes == codes([:], lost: Array(0..<8)))
        #expect(try handle.perform(Handle.Batch(Handle.Batch.sample)).codes == [1: .virtualServerNotFound])
    }

    @Test("A malformed answer confirms nothing, and the remaining answers are read without waiting", arguments: 0...3)
    func malformed(place: Int) throws {
        let broken: [@Sendable (SentRequest) -> [UInt8]] = [
            { _ in [1, 2, 3] },
            { [UInt8](UInt32(15)) + Reply.ack.bytes(for: $0)[4...] },
            { [UInt8](UInt32(1000)) + Reply.ack.bytes(for: $0)[4...] },
            { Reply.ack.cut(to: 3).bytes(for: $0) },
            { Reply.error(-1).bytes(for: $0) },
            { Reply.error(EPERM, text: "no").cut(to: 26).bytes(for: $0) },
        ]
        for bytes in broken {
            let kernel = BatchKernel(
                script { number, requests, events in
                    guard number == 0 else { return }
                    let request = requests[[1, 2, 6, 7][place]]
                    events[place] = .datagram(bytes(request))
                }
            )
            let outcome = try perform(kernel)
            let known = Self.known.filter { $0.key != [1, 2, 6, 7][place] }
            let lost = [0, 3, 4, 5] + [[1], [2], [6], [7]][place]
            #expect(outcome.codes == codes(known, lost: lost))
            #expect(kernel.waits.dropLast() == (0..<(place == 3 ? 5 : 4)).map { $0 <= place })
        }
    }

    @Test("An answer larger than the buffer is lost, and the outcome is unknown")
    func truncated() throws {
        let text = String(repeating: "x", count: 500)
        let kernel = BatchKernel(
            script(failing: [:]) { _, requests, events in
                events.insert(.datagram(Reply.error(EINVAL, text: text).bytes(for: requests[3])), at: 0)
            }
        )
        #expect(
            try kernel.perform(Handle.Batch(Handle.Batch.sample), bufferSize: 256).codes
                == codes([:], lost: Array(0..<7))
        )
    }
}
