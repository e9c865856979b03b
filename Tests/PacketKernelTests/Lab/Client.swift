import Foundation
import Glibc
import IPVS
import IPVSTestKernel

/// What becomes of a request.
enum Outcome: Hashable, Sendable {
    /// Somebody answered, and saw this source.
    case answered(by: String, source: String)
    /// It was refused; `late` if not at once, but after the packet was sent again.
    case refused(late: Bool)
    /// Nothing came back.
    case silence
    /// The client's own node does not let it send.
    case denied
    /// The network can't be reached, or anything else.
    case failed(Errno)

    fileprivate init(_ error: Errno, of socket: Socket) {
        switch error.code {
        case ECONNREFUSED: self = .refused(late: socket.retransmissions > 0)
        // The time to connect, send or receive was over.
        case EAGAIN, EINPROGRESS, ETIMEDOUT: self = .silence
        case EPERM: self = .denied
        default: self = .failed(error)
        }
    }

    fileprivate init(answer: String) {
        let words = answer.split(separator: " ")
        self = words.count == 2 ? .answered(by: "\(words[0])", source: "\(words[1])") : .failed(Errno(code: ECONNRESET))
    }
}

extension Outcome: CustomStringConvertible {
    var description: String {
        switch self {
        case .answered(let name, let source): "\(name) saw \(source)"
        case .refused(let late): late ? "refused late" : "refused"
        case .silence: "no answer"
        case .denied: "not sent"
        case .failed(let error): "\(error)"
        }
    }
}

/// A request: to an address and port, from a certain source unless the kernel chooses it.
struct Request: Sendable {
    var transport: TransportProtocol
    var address: IPAddress
    var port: UInt16
    var source: IPAddress?
    var sourcePort: UInt16 = 0

    /// For how many milliseconds it waits for an answer.
    var patience = Self.patience

    /// How long an answer may take, in milliseconds: seconds, in an emulated machine that is busy.
    static let patience = 12_000

    /// How long to wait where no answer is expected, which takes all of the time.
    static let patienceWithSilence = 1_500

    /// Sends requests from a namespace, each with its own connection or socket, until a condition holds, or there were so many.
    func outcomes(
        in namespace: TestNamespace,
        atMost count: Int = 1,
        until isEnough: @escaping @Sendable ([Outcome]) -> Bool = { _ in false }
    ) throws -> [Outcome] {
        let place = namespace.descriptor
        return try onThread {
            guard enterNamespace(place) == 0 else { throw TestFailure("setns") }
            var outcomes: [Outcome] = []
            while outcomes.count < count, !isEnough(outcomes) { outcomes.append(send()) }
            return outcomes
        }
    }

    /// Sends a request from the calling thread's namespace.
    func send() -> Outcome {
        do {
            let open = try open()
            defer { open.reset() }
            return try ask(open)
        } catch {
            return .failed(error)
        }
    }

    /// Sends a request on a socket that is not connected yet.
    private func ask(_ socket: Socket) throws(Errno) -> Outcome {
        do throws(Errno) {
            try socket.connect(address, port: port)
            try socket.send("?")
            return Outcome(answer: try socket.receive())
        } catch {
            return Outcome(error, of: socket)
        }
    }

    private func open() throws(Errno) -> Socket {
        let socket = try Socket(transport, address.family)
        socket.setPatience(milliseconds: patience)
        if source != nil || sourcePort != 0 {
            socket.set(SOL_SOCKET, SO_REUSEADDR, Int32(1))
            try socket.bind(source ?? .any(address.family), port: sourcePort)
        }
        return socket
    }

    /// Connects from a namespace. It throws if that fails.
    func connect(in namespace: TestNamespace) throws -> Conversation {
        let place = namespace.descriptor
        return try onThread {
            guard enterNamespace(place) == 0 else { throw TestFailure("setns") }
            let socket = try open()
            try socket.connect(address, port: port)
            return Conversation(socket)
        }
    }
}

/// An open connection, or a socket for datagrams, on which requests can be sent.
final class Conversation: Sendable {
    private let socket: Socket

    fileprivate init(_ socket: Socket) { self.socket = socket }

    deinit { socket.reset() }

    func ask(patience: Int = Request.patience) -> Outcome {
        socket.setPatience(milliseconds: patience)
        do throws(Errno) {
            try socket.send("?")
            return Outcome(answer: try socket.receive())
        } catch {
            return Outcome(error, of: socket)
        }
    }
}
