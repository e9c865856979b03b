import CIPVS
import Netlink

extension Handle {
    /// Adds a real server to a virtual server (`IPVS_CMD_NEW_DEST`).
    ///
    /// The kernel wants an address that it can reach: in a namespace of its own, `lo` must be up.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``, ``IPVSError/Code/realServerExists``,
    ///   ``IPVSError/Code/invalidValue``.
    public func add(_ server: RealServer, to id: VirtualServer.Identity) throws(IPVSError) {
        try send(.addRealServer(server, id))
    }

    /// Gives a real server the configuration of this value, all of it; its connections stay (`IPVS_CMD_SET_DEST`).
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``, ``IPVSError/Code/realServerNotFound``,
    ///   ``IPVSError/Code/invalidValue``.
    public func update(_ server: RealServer, of id: VirtualServer.Identity) throws(IPVSError) {
        try send(.updateRealServer(server, id))
    }

    /// Deletes a real server from a virtual server (`IPVS_CMD_DEL_DEST`).
    ///
    /// Its connections are not ended in order: give it a weight of 0 first, and wait until it has none.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``, ``IPVSError/Code/realServerNotFound``.
    public func delete(_ endpoint: Endpoint, from id: VirtualServer.Identity) throws(IPVSError) {
        try send(.deleteRealServer(endpoint, id))
    }

    /// The real servers of a virtual server, in no particular order (a dump of `IPVS_CMD_GET_DEST`).
    ///
    /// The kernel's own answer is an empty list for a virtual server that does not exist; an empty list from this call
    /// is one that exists and has none.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``.
    public func realServers(of id: VirtualServer.Identity) throws(IPVSError) -> [RealServer.Status] {
        let request = Request.readRealServers(id)
        let list = try ask(request, [] as [RealServer.Status]) { (list, bytes) throws(MalformedReply) in
            let payload = try bytes.payload(of: IPVS_CMD_ATTR_DEST)
            list.append(try RealServer.Status(decoding: bytes.extracting(payload), serviceFamily: id.family))
        }
        if list.isEmpty, try virtualServer(id) == nil { throw IPVSError(.virtualServerNotFound, request) }
        return list
    }

    /// One real server of a virtual server, or nil if it has none at the endpoint.
    ///
    /// The kernel can only list them all, so to look for many, list them once with ``realServers(of:)``.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/virtualServerNotFound``.
    public func realServer(
        _ endpoint: Endpoint,
        of id: VirtualServer.Identity
    ) throws(IPVSError) -> RealServer.Status? {
        try realServers(of: id).first { $0.server.endpoint == endpoint }
    }
}
