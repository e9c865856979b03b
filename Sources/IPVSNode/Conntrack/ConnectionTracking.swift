import CRTNetlink
public import IPVS
package import Netlink

/// The connections that the kernel tracks for packet rules (`nf_conntrack`), which `conntrack -L` lists.
///
/// A UDP client that sends to an address before IPVS serves it there leaves an entry without address translation. The entry
/// stays as long as the client goes on sending, and no translation is added to it. If IPVS serves the address meanwhile,
/// packets are not masqueraded as new connections are, and the client gets no answers. So an address that comes to be served
/// needs the entries before it deleted:
///
///     let tracking = try ConnectionTracking()
///     try tracking.deleteUntranslatedUDP(to: [Endpoint(IPAddress(10, 96, 0, 10), 53)])
///
/// A kernel that doesn't let programs access its entries (`CONFIG_NF_CT_NETLINK`, the module `nf_conntrack_netlink`) is no
/// error: nothing is deleted then. If it tracks connections nevertheless, stale entries end when their clients pause for
/// `net.netfilter.nf_conntrack_udp_timeout` seconds.
///
/// An object can be used from any number of threads and tasks. Its calls block their thread while the kernel lists all
/// entries, and take turns. They need `CAP_NET_ADMIN` in the user namespace of the network namespace.
public final class ConnectionTracking: Sendable {
    /// Nil if the kernel has no netlink for packet filters at all.
    private let connection: Lock<NetlinkConnection>?

    /// The number of answers that the receive buffer can hold.
    private let answerCapacity: Int

    /// Accesses the connections of the calling thread's network namespace.
    /// - Throws: ``ConnectionTrackingError`` if no socket can be opened.
    public convenience init() throws(ConnectionTrackingError) {
        try self.init { () throws(SystemError) in try NetlinkSocket(protocol: NETLINK_NETFILTER) }
    }

    /// Accesses the connections of another network namespace, which the caller's threads don't enter.
    /// - Throws: ``ConnectionTrackingError`` with ``ConnectionTrackingError/Code/namespaceNotFound``, with
    ///   ``ConnectionTrackingError/Code/permissionDenied`` without `CAP_SYS_ADMIN`, and the errors of ``init()``.
    public convenience init(namespace: NetworkNamespace) throws(ConnectionTrackingError) {
        try self.init(named: namespace) { () throws(SystemError) in
            try NetlinkSocket(in: HeldNamespace(path: namespace.path), protocol: NETLINK_NETFILTER)
        }
    }

    /// Accesses the connections of a network namespace that is held open already. Its name is for errors.
    package convenience init(
        _ held: HeldNamespace,
        named namespace: NetworkNamespace
    ) throws(ConnectionTrackingError) {
        try self.init(named: namespace) { () throws(SystemError) in
            try NetlinkSocket(in: held, protocol: NETLINK_NETFILTER)
        }
    }

    private convenience init(
        named namespace: NetworkNamespace? = nil,
        openingSocket: () throws(SystemError) -> NetlinkSocket
    ) throws(ConnectionTrackingError) {
        do throws(SystemError) {
            self.init(channel: try openingSocket())
        } catch {
            guard error.errno == EPROTONOSUPPORT else {
                throw ConnectionTrackingError(.open, opening: namespace?.path, error)
            }
            self.init(channel: nil)
        }
    }

    init(channel: (any Channel)?) {
        connection = channel.map { Lock(NetlinkConnection($0)) }
        answerCapacity = channel?.answerCapacity ?? 0
    }

    /// Closes the socket. It waits for a call that is running on another thread. Later calls throw
    /// ``ConnectionTrackingError/Code/closed``. The socket is also closed when the object is deallocated.
    public func close() { connection?.withLock { $0.close() } }

    /// Deletes the entries of UDP packets to some addresses and ports whose destination was not translated
    /// (`IPCTNL_MSG_CT_GET`, `IPCTNL_MSG_CT_DELETE`).
    ///
    /// The kernel lists all entries for that, once for all of the endpoints, so call it only if there are some that need it.
    /// Connections that IPVS has already given to a real server are translated and stay. The next packet of a client makes a
    /// new entry. An entry that has ended meanwhile is not an error.
    /// - Parameter endpoints: The addresses and ports to which clients send. If there are none, the kernel is not asked.
    /// - Returns: The number of entries that were deleted.
    /// - Throws: ``ConnectionTrackingError``. If it is about an entry, others may have been deleted.
    @discardableResult
    public func deleteUntranslatedUDP(to endpoints: Set<Endpoint>) throws(ConnectionTrackingError) -> Int {
        guard let connection, !endpoints.isEmpty else { return 0 }
        return try delete(try entries(to: endpoints, connection), connection)
    }
}

extension ConnectionTracking {
    /// The number of attempts to list the entries while they change.
    private static let attempts = 10

    /// The entries of UDP packets to some endpoints whose destination was not translated.
    private func entries(
        to endpoints: Set<Endpoint>,
        _ connection: Lock<NetlinkConnection>
    ) throws(ConnectionTrackingError) -> [TrackedUDP] {
        var failure = NetlinkConnection.Failure.interrupted
        let format = NetlinkConnection.ReplyFormat(type: TrackingRequest.replyType, headerLength: 0)
        for _ in 1...Self.attempts {
            do throws(NetlinkConnection.Failure) {
                return try connection.withLock { (connection) throws(NetlinkConnection.Failure) in
                    try connection.exchange(TrackingRequest.list, isRead: true, format, { [TrackedUDP]() }) {
                        (entries, bytes) throws(MalformedReply) in
                        if let entry = try TrackedUDP(decoding: bytes, ifSentTo: endpoints) { entries.append(entry) }
                    }
                }
            } catch .kernel(let answer) where answer.saysAbsent {
                return []
            } catch .interrupted {
                failure = .interrupted
            } catch {
                failure = error
                break
            }
        }
        throw ConnectionTrackingError(.list, failure)
    }

    /// Deletes entries, hundreds with one system call, and returns how many were still there.
    private func delete(
        _ entries: [TrackedUDP],
        _ connection: Lock<NetlinkConnection>
    ) throws(ConnectionTrackingError) -> Int {
        var deleted = 0
        var firstFailure: ConnectionTrackingError?
        var buffer = RequestBuffer()
        var rest = entries[...]
        while let first = rest.first {
            buffer.removeAll()
            while let entry = rest.first, buffer.count < answerCapacity, buffer.append(TrackingRequest.delete(entry)) {
                rest.removeFirst()
            }
            let batch = entries[..<rest.startIndex].suffix(buffer.count)
            do throws(NetlinkConnection.Failure) {
                // A request always fits into an empty buffer, unless libnl has no memory for it.
                guard !batch.isEmpty else { throw .outOfMemory }
                let failures = try connection.withLock { (connection) throws(NetlinkConnection.Failure) in
                    try connection.sendBatch(&buffer)
                }
                deleted += batch.count - failures.count
                for failure in failures where !failure.reason.saysGone {
                    let entry = batch[batch.startIndex + failure.place]
                    firstFailure = firstFailure ?? ConnectionTrackingError(.delete(entry), failure.reason)
                }
            } catch {
                throw ConnectionTrackingError(.delete(first), error)
            }
        }
        if let firstFailure { throw firstFailure }
        return deleted
    }
}

extension KernelAnswer {
    /// Whether the kernel has no such part of netlink: it then takes the type of the message for an invalid one.
    fileprivate var saysAbsent: Bool { [EINVAL, EOPNOTSUPP].contains(errno) }
}

extension NetlinkConnection.Failure {
    /// Whether the entry had ended, or another one has taken its place.
    fileprivate var saysGone: Bool {
        guard case .kernel(let answer) = self else { return false }
        return answer.errno == ENOENT
    }
}
