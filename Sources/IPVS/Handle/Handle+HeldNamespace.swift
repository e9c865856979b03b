import CIPVS
package import Netlink

extension Handle {
    /// Opens the IPVS of a network namespace that is held open already.
    ///
    /// - Parameters:
    ///   - held: The network namespace.
    ///   - namespace: The name by which it was opened, for errors.
    /// - Throws: As ``init(namespace:)`` does.
    package convenience init(_ held: HeldNamespace, named namespace: NetworkNamespace) throws(IPVSError) {
        let socket: NetlinkSocket
        do throws(SystemError) {
            socket = try NetlinkSocket(in: held, protocol: NETLINK_GENERIC)
        } catch {
            throw IPVSError(.open, opening: namespace.path, error)
        }
        try self.init(channel: socket, files: SocketFiles(socket))
    }
}

extension NetworkNamespace {
    /// Opens the namespace and holds it open.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/namespaceNotFound`` where there is no such namespace.
    package func hold() throws(IPVSError) -> HeldNamespace {
        do throws(SystemError) {
            return try HeldNamespace(path: path)
        } catch {
            throw IPVSError(.open, opening: path, error)
        }
    }
}
