import Glibc
import IPVSTestModels
package import Netlink

/// A socket of a kernel that does what it should, except while a script is played: then it receives what bytes describe, see
/// ``ReceiveStep``, and nothing more.
package final class ScriptedDatagrams: Channel {
    package let port: UInt32
    package let answerCapacity: Int
    private let kernel: any Channel
    private let replyType: @Sendable (UInt16) -> UInt16
    private let state: Locked<State>

    private struct State {
        var steps: ArraySlice<ReceiveStep>
        var isPlaying = false
        var requests: [SentHeader] = []
        var calls = 0

        /// How many calls a reader can need: for each step it may send something. When there are no more, it gives up.
        let limit: Int

        mutating func countCall() {
            calls += 1
            // A reader that goes on in spite of that would go on forever.
            guard calls <= limit + 1_000 else { fatalError("the reader does not give up") }
        }
    }

    /// A socket of a kernel.
    ///
    /// - Parameters:
    ///   - script: The script, which is not played yet.
    ///   - kernel: The kernel.
    ///   - replyType: The type of replies to requests of a type.
    package init(
        _ script: some Sequence<UInt8>,
        of kernel: any Channel,
        replyType: @escaping @Sendable (UInt16) -> UInt16 = { $0 }
    ) {
        (port, answerCapacity) = (kernel.port, kernel.answerCapacity)
        (self.kernel, self.replyType) = (kernel, replyType)
        let steps = ReceiveStep.all(of: script)
        state = Locked(State(steps: steps[...], limit: 2 * steps.count + 16))
    }

    /// Plays the script while a closure runs, which must end when it has received everything.
    package func play<Result>(_ body: () throws -> Result) throws -> Result {
        state.withLock { $0.isPlaying = true }
        defer { state.withLock { $0.isPlaying = false } }
        let result = Swift.Result(catching: body)
        let (calls, limit) = state.withLock { ($0.calls, $0.limit) }
        try hold(calls <= limit, "\(calls) calls of the socket instead of \(limit)")
        return try result.get()
    }

    package func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        guard isPlaying else { return try kernel.send(bytes) }
        state.withLock { state in
            state.countCall()
            state.requests = SentHeader.all(in: bytes)
        }
    }

    package func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        guard isPlaying else { return try kernel.receive(into: buffer, wait: wait) }
        let step = state.withLock { state in
            state.countCall()
            return state.steps.popFirst()
        }
        guard let step, step.errno == nil else {
            throw SystemError(errno: step?.errno ?? EAGAIN, call: .receive)
        }
        return deliver(step, into: buffer)
    }

    package func receiveTwo(
        into first: UnsafeMutableRawBufferPointer,
        _ second: UnsafeMutableRawBufferPointer,
        wait: Bool
    ) throws(SystemError) -> (Datagram, Datagram?) {
        guard isPlaying else { return try kernel.receiveTwo(into: first, second, wait: wait) }
        let datagram = try receive(into: first, wait: wait)
        let next = state.withLock { $0.steps.first?.isTogether == true ? $0.steps.popFirst() : nil }
        return (datagram, next.map { deliver($0, into: second) })
    }

    package func close() { kernel.close() }

    private var isPlaying: Bool { state.withLock { $0.isPlaying } }

    /// Copies as much of a datagram as fits, like the kernel.
    private func deliver(_ step: ReceiveStep, into buffer: UnsafeMutableRawBufferPointer) -> Datagram {
        var bytes = step.bytes
        if step.isAnswer { bytes.answer(state.withLock { $0.requests }, port: port, replyType: replyType) }
        // A reader whose buffer has grown twice has seen what it can see.
        if step.isTooLong, bytes.count <= buffer.count, buffer.count <= 1 << 16 {
            bytes += [UInt8](repeating: 0, count: buffer.count + 1 - bytes.count)
        }
        buffer.copyBytes(from: bytes.prefix(buffer.count))
        return Datagram(length: bytes.count, sender: step.isForeign ? 4_711 : 0)
    }
}
