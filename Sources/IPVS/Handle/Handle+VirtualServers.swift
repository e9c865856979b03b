import CIPVS
package import Netlink

extension Handle {
    /// Adds a virtual server, without real servers (`IPVS_CMD_NEW_SERVICE`).
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerExists`` if one with this identity exists,
    ///   ``IPVSError/Code/schedulerNotFound`` if the kernel lacks the scheduler or the persistence engine,
    ///   ``IPVSError/Code/invalidValue``.
    public func add(_ server: VirtualServer) throws(IPVSError) {
        try send(.addVirtualServer(server))
    }

    /// Replaces the configuration of a virtual server. Its real servers and connections are kept
    /// (`IPVS_CMD_SET_SERVICE`).
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``, ``IPVSError/Code/schedulerNotFound``,
    ///   ``IPVSError/Code/invalidValue``.
    public func update(_ server: VirtualServer) throws(IPVSError) {
        try send(.updateVirtualServer(server))
    }

    /// Deletes a virtual server with its real servers (`IPVS_CMD_DEL_SERVICE`).
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``.
    public func delete(_ id: VirtualServer.Identity) throws(IPVSError) {
        try send(.deleteVirtualServer(id))
    }

    /// Returns the virtual server with an identity, or nil if there is none (`IPVS_CMD_GET_SERVICE`).
    ///
    /// - Throws: ``IPVSError`` for any other reason than that it doesn't exist.
    public func virtualServer(_ id: VirtualServer.Identity) throws(IPVSError) -> VirtualServer.Status? {
        do {
            return try ask(.readVirtualServer(id), nil) { (found, bytes) throws(MalformedReply) in
                found = try bytes.virtualServerStatus()
            }
        } catch let error where error.code == .virtualServerNotFound {
            return nil
        }
    }

    /// Lists all virtual servers, in no particular order (a dump of `IPVS_CMD_GET_SERVICE`).
    ///
    /// The kernel sends the list in parts. If entries move meanwhile so that one is sent twice, the list is read again. This
    /// happens when other programs add or delete virtual servers, and since Linux 7 when the kernel's hash table grows or
    /// shrinks. One that is missing, because another program deleted another one, goes unnoticed.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/tableChanging`` after five attempts with a duplicate.
    public func virtualServers() throws(IPVSError) -> [VirtualServer.Status] {
        try list(.readVirtualServers, by: \.server.id) { (bytes) throws(MalformedReply) in
            try bytes.virtualServerStatus()
        }
    }

    /// Deletes all virtual servers with their real servers (`IPVS_CMD_FLUSH`).
    ///
    /// Timeouts, sync daemons and the counters of the namespace are kept.
    public func flush() throws(IPVSError) {
        try send(.flush)
    }

    /// Sets the counters of all virtual servers and their real servers to zero (`IPVS_CMD_ZERO`).
    ///
    /// The kernel adds up the counters of its processors every two seconds, so the latest packets may be counted later.
    public func zeroCounters() throws(IPVSError) {
        try send(.zeroCounters(nil))
    }

    /// Sets the counters of one virtual server and its real servers to zero (`IPVS_CMD_ZERO`).
    ///
    /// As with ``zeroCounters()``, the latest packets may be counted later.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``.
    public func zeroCounters(of id: VirtualServer.Identity) throws(IPVSError) {
        try send(.zeroCounters(id))
    }
}

extension RawSpan {
    /// Decodes the virtual server among the attributes of a message.
    fileprivate func virtualServerStatus() throws(MalformedReply) -> VirtualServer.Status {
        try VirtualServer.Status(decoding: extracting(try payload(of: IPVS_CMD_ATTR_SERVICE)))
    }

    /// The payload of the attribute of a type, among the attributes of a message.
    package func payload(of type: Int) throws(MalformedReply) -> Range<Int> {
        var cursor = AttributeCursor(.command)
        while let attribute = try cursor.next(in: self) {
            if attribute.type == type { return attribute.payload }
        }
        throw AttributeSet.command.missing(type)
    }
}
