import CIPVS
import CNetlinkShim
import Glibc
import IPVSTestModels
import Testing

@testable import IPVS
@testable import Netlink

/// Stands in for the kernel where batches are sent: it reads every message of a send, and answers those that fail and
/// those that ask for an answer, each with a datagram of its own.
///
/// It is not `InMemoryKernel` of IPVSTesting, since these tests look at what a batch is made of below the kernel's commands: which
/// requests go into one send, how many answers there is room for, whether a receive waits, and what follows a send that fails.
/// The kernel in memory has a table, which these tests would only have to fill.
final class BatchKernel: Channel {
    enum Event: Sendable {
        /// A receive gets a datagram.
        case datagram([UInt8], sender: UInt32 = 0)
        /// A receive fails with an errno.
        case fail(Int32)
    }

    /// The behavior that a test wants.
    struct Script: Sendable {
        /// The errno for a request, by the number of IPVS requests before it.
        var verdict: @Sendable (Int) -> Int32 = { _ in 0 }

        /// Called before a send, with the number of IPVS requests before it. It can change the family's number; nil is
        /// no family. If it returns an errno, the send fails with that.
        var prepare: @Sendable (Int, inout UInt16?) -> Int32? = { _, _ in nil }

        /// Changes the family's number after a send, by the number of requests before it.
        var conclude: @Sendable (Int, inout UInt16?) -> Void = { _, _ in }

        /// Changes the answers to a send, by the number of requests before it.
        var tamper: @Sendable (Int, [SentRequest], inout [Event]) -> Void = { _, _, _ in }
    }

    private struct State {
        var family: UInt16? = ScriptedChannel.family
        var parts: [[SentRequest]] = []
        var attempts = 0
        var events: ArraySlice<Event> = []
        var waits: [Bool] = []
    }

    let port: UInt32 = 0xcafe_0003
    let answerCapacity: Int
    private let script: Script
    private let state = Locked(State())

    init(answerCapacity: Int = 1_000, _ script: Script = Script()) {
        self.answerCapacity = answerCapacity
        self.script = script
    }

    /// The requests of each IPVS send.
    var parts: [[SentRequest]] { state.withLock { $0.parts } }

    /// All IPVS requests in the order of their arrival.
    var requests: [SentRequest] { parts.flatMap { $0 } }

    /// Whether each receive since the handle was opened waited.
    var waits: [Bool] { state.withLock { Array($0.waits.dropFirst(2)) } }

    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        let requests = Self.split(Array(bytes))
        let errno = state.withLock { state -> Int32? in
            if requests.first?.type == UInt16(GENL_ID_CTRL) {
                state.events += Self.opening(requests[0], state.family)
                return nil
            }
            defer { state.attempts += 1 }
            if let errno = script.prepare(state.attempts, &state.family) { return errno }
            var events: [Event] = []
            for (number, request) in zip(state.parts.joined().count..., requests) {
                let errno = request.type == state.family ? script.verdict(number) : ENOENT
                guard errno != 0 || request.flags & UInt16(NLM_F_ACK) != 0 else { continue }
                events.append(.datagram(Reply.error(errno).bytes(for: request)))
            }
            state.parts.append(requests)
            script.tamper(state.attempts, requests, &events)
            script.conclude(state.attempts, &state.family)
            state.events += events
            return nil
        }
        if let errno { throw SystemError(errno: errno, call: .send) }
    }

    private static func opening(_ request: SentRequest, _ family: UInt16?) -> [Event] {
        guard let family else { return [.datagram(Reply.error(ENOENT).bytes(for: request))] }
        return [.datagram(Reply.family(family).bytes(for: request)), .datagram(Reply.ack.bytes(for: request))]
    }

    /// The messages of a send.
    static func split(_ bytes: [UInt8]) -> [SentRequest] {
        var rest = bytes[...]
        var requests: [SentRequest] = []
        while !rest.isEmpty {
            let length = rest.count < 20 ? 0 : Int(Array(rest.prefix(4)).load(UInt32.self, at: 0))
            guard length >= 20, length % 4 == 0, length <= rest.count else {
                Issue.record("a message of \(length) bytes where \(rest.count) are left")
                break
            }
            requests.append(SentRequest(bytes: Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return requests
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        let event = state.withLock { state in
            state.waits.append(wait)
            return state.events.popFirst()
        }
        switch event {
        case .datagram(let bytes, let sender):
            buffer.copyBytes(from: bytes.prefix(buffer.count))
            return Datagram(length: bytes.count, sender: sender)
        case .fail(let errno): throw SystemError(errno: errno, call: .receive)
        case nil: throw SystemError(errno: EAGAIN, call: .receive)
        }
    }

    func close() {}
}

extension BatchKernel {
    /// Makes a batch on a handle of its own.
    func perform(_ batch: Handle.Batch, bufferSize: Int = NetlinkConnection.defaultBufferSize) throws
        -> Handle.Batch.Outcome
    {
        try Handle(channel: self, bufferSize: bufferSize).perform(batch)
    }
}

extension BatchKernel.Script {
    /// A kernel that refuses the requests with these numbers.
    static func failing(_ errnos: [Int: Int32]) -> Self { Self(verdict: { errnos[$0] ?? 0 }) }
}

extension Handle.Batch {
    /// A batch of requests.
    init(_ requests: some Sequence<Request>) {
        self.init()
        for request in requests {
            switch request {
            case .addVirtualServer(let server): add(server)
            case .updateVirtualServer(let server): update(server)
            case .deleteVirtualServer(let id): delete(id)
            case .addRealServer(let server, let id): add(server, to: id)
            case .updateRealServer(let server, let id): update(server, of: id)
            case .deleteRealServer(let endpoint, let id): delete(endpoint, from: id)
            default: preconditionFailure("\(request) is not of a batch")
            }
        }
    }

    /// One change of each kind, and two more of other lengths.
    static let sample: [Request] = {
        let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
        let mark = VirtualServer(.firewallMark(7), scheduler: .maglevHashing, persistenceEngine: .sip)
        let six = VirtualServer(.udp(IPAddress(family: .ipv6, high: 0xfd00 << 48, low: 1), 53))
        let real = RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade, weight: 3)
        return [
            .addVirtualServer(web), .addRealServer(real, web.id), .updateVirtualServer(mark),
            .updateRealServer(real, mark.id),
            .deleteRealServer(real.endpoint, web.id), .deleteVirtualServer(web.id), .addVirtualServer(six),
            .deleteVirtualServer(mark.id),
        ]
    }()

    /// The sample, starting with another change.
    static func sample(from start: Int) -> [Request] { Array(sample[start...] + sample[..<start]) }
}

extension Handle.Batch.Outcome {
    /// The failures, by index.
    var codes: [Int: IPVSError.Code] {
        Dictionary(failures.map { ($0.index, $0.error.code) }) { first, _ in
            Issue.record("a change has two errors")
            return first
        }
    }
}

/// Expects that these requests were sent, in this order.
func expectSent(
    _ sent: [SentRequest],
    _ requests: [Request],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(sent.map { $0.bytes[16...] } == requests.map { $0.sent.bytes[16...] }, sourceLocation: sourceLocation)
}
