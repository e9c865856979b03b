import IPVS
import Netlink

/// The files of a kernel in memory: its lists of connections.
struct KernelFiles: FileOpener {
    let kernel: InMemoryKernel

    func open(_ path: String) throws(SystemError) -> any ReadableFile {
        let detail: ConnectionEntries.Detail
        switch path {
        case "/proc/thread-self/net/ip_vs_conn": detail = .persistence
        case "/proc/thread-self/net/ip_vs_conn_sync": detail = .origin
        default: throw SystemError(errno: ENOENT, call: .open)
        }
        return TextFile(
            ([detail.header] + kernel.connectionEntries.map { $0.line(detail) }).joined(separator: "\n") + "\n"
        )
    }

    /// A kernel in memory has no network namespace, so its locks are in that of the thread.
    func namespace() throws(SystemError) -> HeldNamespace? { nil }

    var tableLockName: String { "swift-ipvs/in-memory/\(getpid())/\(kernel.number)/table" }
}

/// A file with a text.
private final class TextFile: ReadableFile {
    private let rest: Lock<[UInt8]>

    init(_ text: String) { rest = Lock(Array(text.utf8)) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        rest.withLock { rest in
            let part = rest.prefix(buffer.count)
            unsafe buffer.copyBytes(from: part)
            rest.removeFirst(part.count)
            return part.count
        }
    }

    func close() {}
}

extension ConnectionEntries.Detail {
    /// The first line of the list.
    fileprivate var header: String {
        let columns = "Pro FromIP FPrt ToIP TPrt DestIP DPrt State"
        return columns + (self == .persistence ? " Expires PEName PEData" : " Origin Expires")
    }
}

extension ConnectionEntry {
    /// The line of the list for a connection.
    fileprivate func line(_ detail: ConnectionEntries.Detail) -> String {
        var words = [transport.kernelName]
        for endpoint in [client, virtualServer, realServer] {
            words += [endpoint.address.hexadecimal, endpoint.port.hexadecimal]
        }
        words.append(state.rawValue)
        if detail == .origin { words.append((origin ?? .local).rawValue) }
        words.append(String(secondsLeft))
        if detail == .persistence, let persistence { words += [persistence.engine.rawValue, persistence.data] }
        return words.joined(separator: " ")
    }
}

extension TransportProtocol {
    fileprivate var kernelName: String {
        switch self {
        case .tcp: "TCP"
        case .udp: "UDP"
        case .sctp: "SCTP"
        default: rawValue == 0 ? "IP" : "IP_\(rawValue)"
        }
    }
}

extension IPAddress {
    /// The address in the kernel's notation: eight digits, or eight groups of four.
    fileprivate var hexadecimal: String {
        let words = stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        return words.map(\.hexadecimal).joined(separator: family == .ipv4 ? "" : ":")
    }
}

extension UInt16 {
    fileprivate var hexadecimal: String {
        let digits = String(self, radix: 16, uppercase: true)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
