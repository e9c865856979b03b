import CIPVS
package import Netlink

/// A connection to the kernel's IPVS in one network namespace: its virtual servers, their real servers, and its settings.
///
///     let handle = try Handle()
///     let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
///     try handle.add(web)
///     try handle.add(RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade), to: web.id)
///
/// Calls are synchronous: they block the thread until the kernel has answered, which usually takes microseconds. A handle can
/// be used from any number of threads and tasks; calls run one at a time. After an error, the handle can still be used.
///
/// Every request, even one that only reads, requires `CAP_NET_ADMIN` in the initial user namespace. Opening a handle does not.
public final class Handle: Sendable {
    let connection: Lock<GenericNetlinkConnection>

    /// Opens the kernel's files, for what netlink does not provide.
    private let files: any FileOpener

    /// Opens IPVS in the network namespace of the calling thread.
    ///
    /// The kernel loads the module `ip_vs` if necessary. Privileges are checked by the calls, not here.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/ipvsUnavailable`` if the kernel has no IPVS.
    public convenience init() throws(IPVSError) {
        let socket: NetlinkSocket
        do throws(SystemError) {
            socket = try NetlinkSocket(protocol: NETLINK_GENERIC)
        } catch {
            throw IPVSError(.open, opening: nil, error)
        }
        try self.init(channel: socket, files: SocketFiles(socket))
    }

    /// Opens IPVS in another network namespace. The calling thread does not enter it.
    ///
    /// The handle keeps the namespace alive, even if its last process ends or its name is deleted.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/namespaceNotFound`` if there is no such namespace,
    ///   ``IPVSError/Code/permissionDenied`` without `CAP_SYS_ADMIN`, and as ``init()`` does.
    public convenience init(namespace: NetworkNamespace) throws(IPVSError) {
        try self.init(try namespace.hold(), named: namespace)
    }

    /// Opens IPVS over a channel, which the handle closes.
    ///
    /// - Parameters:
    ///   - channel: The channel.
    ///   - files: Opens the kernel's files.
    ///   - bufferSize: The initial size of the buffer for a datagram.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/ipvsUnavailable`` if the kernel has no IPVS.
    package init(
        channel: any Channel,
        files: any FileOpener = NoFiles(),
        bufferSize: Int = GenericNetlinkConnection.defaultBufferSize
    ) throws(IPVSError) {
        self.files = files
        connection = Lock(GenericNetlinkConnection(channel, family: IPVS_GENL_NAME, bufferSize: bufferSize))
        do {
            try connection.withLock { (connection) throws(NetlinkConnection.Failure) in
                _ = try connection.resolveFamily()
            }
        } catch {
            throw IPVSError(.open, error)
        }
    }

    /// Closes the handle. If a call is in progress on another thread, waits for it.
    ///
    /// Later calls throw ``IPVSError/Code/handleClosed``. Closing a handle again does nothing. A handle is closed when it is
    /// deallocated, too.
    public func close() {
        connection.withLock { $0.close() }
    }

    /// Opens a file for reading, in the handle's network namespace. Returns nil if the handle is closed.
    func openFile(_ path: String) throws(SystemError) -> (any ReadableFile)? {
        try connection.withLock { (connection) throws(SystemError) in
            connection.channel == nil ? nil : try files.open(path)
        }
    }

    /// The handle's network namespace; nil for that of the calling thread.
    func namespace() throws(SystemError) -> HeldNamespace? {
        try connection.withLock { (connection) throws(SystemError) in
            guard connection.channel != nil else { throw SystemError(errno: EBADF, call: .ioctl) }
            return try files.namespace()
        }
    }

    /// The name of the lock of the handle's table, among those of its network namespace.
    var tableLockName: String { files.tableLockName }

    /// Sends a request that has no reply but its acknowledgement.
    func send(_ request: Request) throws(IPVSError) {
        try ask(request, ()) { (_, _) throws(MalformedReply) in }
    }

    /// Sends a request, and folds the attributes of each message of the reply into a result. If the request has to be sent
    /// again, folding starts again with `initial`.
    func ask<Result>(
        _ request: Request,
        _ initial: @autoclosure () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(IPVSError) -> Result {
        do { try request.validate() } catch { throw IPVSError(request, error) }
        do {
            return try connection.withLock { (connection) throws(NetlinkConnection.Failure) in
                try connection.exchange(request, isRead: request.isRead, initial, fold)
            }
        } catch {
            throw IPVSError(request, error)
        }
    }
}
