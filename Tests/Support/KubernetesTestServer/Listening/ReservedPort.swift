internal import Glibc
internal import NIOCore

/// Keeps a port for a server that is stopped: nobody else gets it, and connections to it are refused.
final class ReservedPort: Sendable {
    private let file: CInt

    /// Reserves a port where nobody listens now, if that is possible. A listener that reuses addresses can have it all the same.
    init?(address: String, port: Int) {
        guard let address = try? SocketAddress.makeAddressResolvingHost(address, port: port) else { return nil }
        let file = socket(address.protocol == .inet6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard file >= 0 else { return nil }
        self.file = file
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        var isReused: CInt = 1
        setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<CInt>.size))
        let result = address.withSockAddr { bind(file, $0, socklen_t($1)) }
        // The file is closed when the object ends, as it has all its properties.
        guard result == 0 else { return nil }
    }

    deinit { close(file) }
}
