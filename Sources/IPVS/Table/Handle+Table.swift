import CIPVS

extension Handle {
    /// All virtual servers with their real servers, without counters.
    ///
    /// It takes one list of the virtual servers, and for each a list of its real servers; the kernel has no other way.
    /// If another program changes the table meanwhile, that is noticed where it shows: something is there twice, or a
    /// virtual server has gone. The table is read again then. A change that leaves no such trace may be in the table or
    /// not; and the kernel, which goes on in a list by counting entries, can leave one out when another is deleted.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/tableChanging`` if it was changed each time it was read.
    public func table() throws(IPVSError) -> Table {
        for _ in 0..<5 {
            if let table = try readTable() { return table }
        }
        throw IPVSError(.tableChanging, .readServices)
    }

    /// Reads the table once; nil if it has changed meanwhile.
    private func readTable() throws(IPVSError) -> Table? {
        let servers = try configuredServers()
        var services: [Table.Service] = []
        services.reserveCapacity(servers.count)
        var isAnyEmpty = false
        for server in servers {
            let realServers = try configuredRealServers(of: server.id)
            isAnyEmpty = isAnyEmpty || realServers.isEmpty
            do throws(Table.Conflict) {
                services.append(try Table.Service(server, realServers: realServers))
            } catch {
                return nil
            }
        }
        // An empty list may be that of a virtual server which has just been deleted.
        if isAnyEmpty, try Set(configuredServers()) != Set(servers) { return nil }
        do throws(Table.Conflict) { return try Table(services) } catch { return nil }
    }

    private func configuredServers() throws(IPVSError) -> [VirtualServer] {
        try perform(.readServices, []) { (list, bytes) throws(MalformedReply) in
            let payload = try bytes.payload(of: IPVS_CMD_ATTR_SERVICE)
            list.append(try VirtualServer(decoding: bytes.extracting(payload)))
        }
    }

    private func configuredRealServers(of id: VirtualServer.Identity) throws(IPVSError) -> [RealServer] {
        try perform(.readDestinations(id), []) { (list, bytes) throws(MalformedReply) in
            let payload = try bytes.payload(of: IPVS_CMD_ATTR_DEST)
            list.append(try RealServer(decoding: bytes.extracting(payload), serviceFamily: id.family))
        }
    }
}
