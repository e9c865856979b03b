import CIPVS
import Netlink

/// A way to the IPVS of one network namespace: its virtual servers, their real servers, and its settings.
///
///     let handle = try Handle()
///     let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
///     try handle.add(web)
///     try handle.add(RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade), to: web.id)
///
/// Each call is one exchange with the kernel, which does the work before it answers; calls don't suspend and take some
/// microseconds. A handle can be used from any number of threads and tasks; their calls take turns. After an error
/// it works on.
///
/// Every call, those that only read included, takes `CAP_NET_ADMIN` in the initial user namespace.
public final class Handle: Sendable {
    let connection: Lock<GenericNetlinkConnection>

    /// Opens the kernel's files that show what netlink does not.
    private let files: any FileOpener

    /// Opens the IPVS of the network namespace that the calling thread is in.
    ///
    /// The kernel loads the module `ip_vs` if it is not there yet.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/ipvsUnavailable`` where the kernel has no IPVS.
    public convenience init() throws(IPVSError) {
        let socket: NetlinkSocket
        do throws(SystemError) {
            socket = try NetlinkSocket(protocol: NETLINK_GENERIC)
        } catch {
            throw IPVSError(.open, opening: nil, error)
        }
        try self.init(channel: socket, files: SocketFiles(socket))
    }

    /// Opens the IPVS of another network namespace; no thread of the caller's enters it.
    ///
    /// The handle keeps the namespace alive, even if its last process ends or its name is deleted.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/namespaceNotFound`` where there is no such namespace,
    ///   ``IPVSError/Code/permissionDenied`` without `CAP_SYS_ADMIN`, and as ``init()`` does.
    public convenience init(namespace: NetworkNamespace) throws(IPVSError) {
        let socket: NetlinkSocket
        do throws(SystemError) {
            socket = try NetlinkSocket(in: HeldNamespace(path: namespace.path), protocol: NETLINK_GENERIC)
        } catch {
            throw IPVSError(.open, opening: namespace.path, error)
        }
        try self.init(channel: socket, files: SocketFiles(socket))
    }

    init(
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

    /// Closes the handle, after a call that is under way on another thread. Later calls throw
    /// ``IPVSError/Code/handleClosed``; closing it again does nothing. A handle that nobody refers to closes by itself.
    public func close() {
        connection.withLock { $0.close() }
    }

    /// Opens a file for reading; one below `/proc/thread-self` is that of the handle's network namespace. Nil if the
    /// handle is closed.
    func openFile(_ path: String) throws(SystemError) -> (any ReadableFile)? {
        try connection.withLock { (connection) throws(SystemError) in
            connection.channel == nil ? nil : try files.open(path)
        }
    }

    /// Makes a request whose answer is only its success.
    func send(_ request: Request) throws(IPVSError) {
        try ask(request, ()) { (_, _) throws(MalformedReply) in }
    }

    /// Makes a request and folds the attributes of each message of its reply into a result, which begins anew where the
    /// request has to be made again.
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
