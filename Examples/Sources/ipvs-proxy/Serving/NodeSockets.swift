import CNodeSockets
import Common
import Glibc
import IPVS
import NIOCore

/// Opens sockets in the network namespace of the node, which can be another one than the program's.
final class NodeSockets: Sendable {
    /// The namespace, which stays the same even if its name is given to another one; -1 for the program's own.
    private let namespace: Int32

    /// The sockets of a namespace, or of the program's own.
    init(_ namespace: NetworkNamespace?) throws(Failure) {
        guard let namespace else {
            self.namespace = -1
            return
        }
        self.namespace = Glibc.open(namespace.path, O_RDONLY | O_CLOEXEC)
        guard self.namespace >= 0 else {
            throw Failure("can't open \(namespace.path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { if namespace >= 0 { Glibc.close(namespace) } }

    /// Opens a socket for TCP connections to an address of the node, or to all of them if it is nil.
    func open(at address: IPAddress?, port: UInt16) throws(SocketError) -> NIOBSDSocket.Handle {
        if let address { return try open(address.bytes, port) }
        do throws(SocketError) {
            return try open([UInt8](repeating: 0, count: 16), port)
        } catch  where [EAFNOSUPPORT, EADDRNOTAVAIL].contains(error.number) {
            // The node has no IPv6.
            return try open([0, 0, 0, 0], port)
        }
    }

    private func open(_ bytes: [UInt8], _ port: UInt16) throws(SocketError) -> NIOBSDSocket.Handle {
        let result = node_socket(namespace, bytes, Int32(bytes.count), port)
        guard result >= 0 else { throw SocketError(number: -result) }
        return result
    }
}

/// Why a socket could not be opened.
struct SocketError: Error, Hashable, CustomStringConvertible {
    /// The error number of the C library.
    let number: Int32

    var description: String { String(cString: strerror(number)) }
}
