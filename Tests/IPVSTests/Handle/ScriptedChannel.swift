import Glibc
import IPVSTestModels
import Testing

@testable import IPVS
@testable import Netlink

/// Stands in for the kernel: each call of the connection uses the next step of a script.
final class ScriptedChannel: Channel {
    enum Step: Sendable {
        /// A send succeeds.
        case take
        /// A send fails with an errno.
        case refuse(Int32)
        /// A receive gets a datagram with messages that answer the last send.
        case deliver([Reply], sender: UInt32 = 0)
        /// A receive gets a datagram of these bytes.
        case raw([UInt8])
        /// A receive fails with an errno.
        case fail(Int32)
    }

    enum Call: Hashable, Sendable {
        case send
        case receive(wait: Bool)
        case close
    }

    private struct State {
        var steps: ArraySlice<Step>
        var sent: [SentRequest] = []
        var calls: [Call] = []
    }

    let port: UInt32 = 0xcafe_0001
    let answerCapacity = 1_000
    private let state: Locked<State>

    init(_ steps: [Step]) { state = Locked(State(steps: steps[...])) }

    var sent: [SentRequest] { state.withLock { $0.sent } }
    var calls: [Call] { state.withLock { $0.calls } }
    var stepsLeft: Int { state.withLock { $0.steps.count } }

    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let request = SentRequest(bytes: Array(bytes))
        let step = state.withLock { state in
            state.calls.append(.send)
            return state.steps.popFirst()
        }
        switch step {
        case .take: state.withLock { $0.sent.append(request) }
        case .refuse(let errno): throw SystemError(errno: errno, call: .send)
        default:
            Issue.record("a send where the script has \(String(describing: step))")
            throw SystemError(errno: EPIPE, call: .send)
        }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        let (step, request) = state.withLock { state in
            state.calls.append(.receive(wait: wait))
            return (state.steps.popFirst(), state.sent.last ?? SentRequest(bytes: Array(repeating: 0, count: 20)))
        }
        switch step {
        case .deliver(let replies, let sender):
            return buffer.fill(replies.flatMap { $0.bytes(for: request) }, sender: sender)
        case .raw(let bytes): return buffer.fill(bytes)
        case .fail(let errno): throw SystemError(errno: errno, call: .receive)
        default:
            Issue.record("a receive where the script has \(String(describing: step))")
            throw SystemError(errno: EPIPE, call: .receive)
        }
    }

    func close() { state.withLock { $0.calls.append(.close) } }
}

extension UnsafeMutableRawBufferPointer {
    /// Copies as much of a datagram as fits, like the kernel.
    fileprivate func fill(_ bytes: [UInt8], sender: UInt32 = 0) -> Datagram {
        copyBytes(from: bytes.prefix(count))
        return Datagram(length: bytes.count, sender: sender)
    }
}

/// Stands in for the kernel: answers each request by its contents, from any thread, with one datagram or more.
final class AnsweringChannel: Channel {
    let port: UInt32 = 0xcafe_0002
    let answerCapacity = 1_000
    private let pending = Locked<ArraySlice<[UInt8]>>([])
    private let closes = Locked(0)
    private let answer: @Sendable (SentRequest) -> [[Reply]]

    init(_ answer: @escaping @Sendable (SentRequest) -> [[Reply]]) { self.answer = answer }

    var closeCount: Int { closes.withLock { $0 } }

    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let request = SentRequest(bytes: Array(bytes))
        let isOpening = request.type == 0x10
        let replies = isOpening ? [[.family(ScriptedChannel.family)], [.ack]] : answer(request)
        pending.withLock { $0 += replies.map { $0.flatMap { $0.bytes(for: request) } } }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        guard let bytes = pending.withLock({ $0.popFirst() }) else { throw SystemError(errno: EAGAIN, call: .receive) }
        return buffer.fill(bytes)
    }

    func close() { closes.withLock { $0 += 1 } }
}

extension ScriptedChannel {
    /// The number of the IPVS family unless a test has another one.
    static let family: UInt16 = 0x1d

    /// The steps of an exchange that opens a handle.
    static func opening(_ family: UInt16 = family) -> [Step] {
        [.take, .deliver([.family(family)]), .deliver([.ack])]
    }

    /// Opens a handle, makes calls with it that the script answers, and expects that they use all of the script.
    @discardableResult
    static func run(
        _ steps: [Step],
        bufferSize: Int = NetlinkConnection.defaultBufferSize,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (Handle) throws -> Void
    ) throws -> ScriptedChannel {
        let channel = ScriptedChannel(opening() + steps)
        try body(try Handle(channel: channel, bufferSize: bufferSize))
        try #require(channel.stepsLeft == 0, "the script has steps left", sourceLocation: sourceLocation)
        return channel
    }

    /// Whether each receive since the handle was opened waited.
    var waits: [Bool] {
        calls.compactMap { call in
            guard case .receive(let wait) = call else { return nil }
            return wait
        }.dropFirst(2).map { $0 }
    }
}

/// Makes a call that must fail, with this code if there is one, and returns its error.
@discardableResult
func expectError(
    _ code: IPVSError.Code? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) throws -> IPVSError {
    let error = try #require(throws: IPVSError.self, sourceLocation: sourceLocation, performing: body)
    if let code { #expect(error.code == code, sourceLocation: sourceLocation) }
    return error
}

/// Makes a call that must be refused because of a field.
func expectRefusal(
    _ field: IPVSError.FieldPath,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) throws {
    let error = try expectError(.invalidValue, sourceLocation: sourceLocation, body)
    #expect(error.field == field, sourceLocation: sourceLocation)
}
