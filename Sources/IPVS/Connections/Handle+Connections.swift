import Netlink

extension Handle {
    /// Opens the connection table of the handle's network namespace.
    ///
    /// The kernel provides this table only as a text file in `/proc`. If the calling thread is in another network
    /// namespace than the handle, this call needs `CAP_SYS_ADMIN`. Reading the entries doesn't use the handle: it
    /// doesn't block other calls, and is possible after the handle was closed.
    /// - Parameter detail: The property to read besides those that all entries have. The kernel doesn't show both in
    ///   one file.
    /// - Returns: A reader of the entries, which come in no particular order.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/ipvsUnavailable`` if the module was unloaded,
    ///   ``IPVSError/Code/permissionDenied``, or ``IPVSError/Code/handleClosed``.
    public func connectionEntries(
        showing detail: ConnectionEntries.Detail = .persistence
    ) throws(IPVSError) -> ConnectionEntries {
        let file: (any ReadableFile)?
        do { file = try openFile(detail.path) } catch { throw IPVSError(listingConnections: error) }
        guard let file else { throw IPVSError(.handleClosed, .listConnections) }
        return ConnectionEntries(file, showing: detail)
    }
}

extension ConnectionEntries.Detail {
    fileprivate var path: String {
        switch self {
        case .persistence: "/proc/thread-self/net/ip_vs_conn"
        case .origin: "/proc/thread-self/net/ip_vs_conn_sync"
        }
    }
}
