import CIPVS
import Netlink

extension Handle {
    /// Adds a real server to a virtual server (`IPVS_CMD_NEW_DEST`).
    ///
    /// The kernel requires an address that it can reach. In a new network namespace, `lo` must be up.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``, ``IPVSError/Code/realServerExists``,
    ///   ``IPVSError/Code/invalidValue``.
    public func add(_ server: RealServer, to id: VirtualServer.Identity) throws(IPVSError) {
        try send(.addRealServer(server, id))
    }

    /// Replaces the configuration of a real server. Its connections are kept (`IPVS_CMD_SET_DEST`).
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``, ``IPVSError/Code/realServerNotFound``,
    ///   ``IPVSError/Code/invalidValue``.
    public func update(_ server: RealServer, of id: VirtualServer.Identity) throws(IPVSError) {
        try send(.updateRealServer(server, id))
    }

    /// Deletes a real server from a virtual server (`IPVS_CMD_DEL_DEST`).
    ///
    /// Its connections are cut off. To let them end first, use ``drain(_:timeout:interval:onCancellation:clock:)``.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``, ``IPVSError/Code/realServerNotFound``.
    public func delete(_ endpoint: Endpoint, from id: VirtualServer.Identity) throws(IPVSError) {
        try send(.deleteRealServer(endpoint, id))
    }

    /// Lists the real servers of a virtual server, in no particular order (a dump of `IPVS_CMD_GET_DEST`).
    ///
    /// The kernel itself answers with an empty list if the virtual server doesn't exist. This method checks that, so an
    /// empty list means that the virtual server exists and has no real servers. If another program adds one meanwhile, so that
    /// one is listed twice, the list is read again.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``, or ``IPVSError/Code/tableChanging`` after five
    ///   attempts with a duplicate.
    public func realServers(of id: VirtualServer.Identity) throws(IPVSError) -> [RealServer.Status] {
        let request = Request.readRealServers(id)
        let list = try list(request, by: \.server.endpoint) { (bytes) throws(MalformedReply) in
            let payload = try bytes.payload(of: IPVS_CMD_ATTR_DEST)
            return try RealServer.Status(decoding: bytes.extracting(payload), serviceFamily: id.family)
        }
        if list.isEmpty, try virtualServer(id) == nil { throw IPVSError(.virtualServerNotFound, request) }
        return list
    }

    /// Returns one real server of a virtual server, or nil if there is none at the endpoint.
    ///
    /// The kernel can only list all of them. To look for several, call ``realServers(of:)`` once.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``.
    public func realServer(
        _ endpoint: Endpoint,
        of id: VirtualServer.Identity
    ) throws(IPVSError) -> RealServer.Status? {
        try realServers(of: id).first { $0.server.endpoint == endpoint }
    }
}
