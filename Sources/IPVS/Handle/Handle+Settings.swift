import CIPVS
import Netlink

extension Handle {
    /// Returns the timeouts of idle connections (`IPVS_CMD_GET_CONFIG`).
    public func timeouts() throws(IPVSError) -> Timeouts {
        try ask(.readTimeouts, Timeouts()) { (timeouts, bytes) throws(MalformedReply) in
            timeouts = try Timeouts(decoding: bytes)
        }
    }

    /// Sets the timeouts that are not nil (`IPVS_CMD_SET_CONFIG`).
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/invalidValue`` for 0 and for values that overflow the kernel's clock.
    public func setTimeouts(_ timeouts: Timeouts) throws(IPVSError) {
        try send(.setTimeouts(timeouts))
    }

    /// Returns the version of the kernel's IPVS and the size of its connection table (`IPVS_CMD_GET_INFO`).
    public func info() throws(IPVSError) -> KernelInfo {
        let request = Request.readInfo
        let info = try ask(request, nil as KernelInfo?) { (info, bytes) throws(MalformedReply) in
            info = try KernelInfo(decoding: bytes)
        }
        guard let info else { throw IPVSError(.malformedReply, request) }
        return info
    }

    /// Starts a sync daemon (`IPVS_CMD_NEW_DAEMON`).
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/syncDaemonRunning`` if one with this role is running,
    ///   ``IPVSError/Code/interfaceNotFound``, ``IPVSError/Code/invalidValue``.
    public func startSyncDaemon(_ daemon: SyncDaemon) throws(IPVSError) {
        try send(.startDaemon(daemon))
    }

    /// Stops the sync daemon with a role (`IPVS_CMD_DEL_DAEMON`).
    ///
    /// The kernel stops one in the very moment of its start too, but then it may give no answer.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/syncDaemonNotRunning``, or with ``IPVSError/Code/answerLost`` after
    ///   10 seconds without an answer.
    public func stopSyncDaemon(_ role: SyncDaemon.Role) throws(IPVSError) {
        try send(.stopDaemon(role))
    }

    /// Lists the running sync daemons: none, one, or one of each role (a dump of `IPVS_CMD_GET_DAEMON`).
    public func syncDaemons() throws(IPVSError) -> [SyncDaemon] {
        try ask(.readDaemons, []) { (list, bytes) throws(MalformedReply) in
            list.append(try SyncDaemon(decoding: bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_DAEMON))))
        }
    }
}
