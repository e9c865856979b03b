import Netlink

extension Handle {
    /// The entries of the namespace's connection table, in no particular order.
    ///
    /// They come from a file of the kernel's under `/proc`, as there is no other way. It is that of the handle's network
    /// namespace, whichever the calling thread is in; for a namespace that is not the caller's it takes `CAP_SYS_ADMIN`.
    /// The entries can be read when the handle has been closed, and keep no other call waiting.
    /// - Parameter detail: What is shown beside what all entries have; the kernel doesn't list both.
    /// - Returns: What reads them, one at a time.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/ipvsUnavailable`` if the module was unloaded,
    ///   ``IPVSError/Code/permissionDenied``, ``IPVSError/Code/handleClosed``.
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
