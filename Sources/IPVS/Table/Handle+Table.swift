import CIPVS
import Netlink

extension Handle {
    /// Reads the whole table: all virtual servers with their real servers, without counters.
    ///
    /// The kernel requires one dump of the virtual servers, and one dump for each of them. If another program changes the table
    /// meanwhile and that is detected, because of a duplicate or a virtual server that disappeared, it is read again. Since
    /// Linux 7, the kernel's own hash table can cause duplicates too, when it grows or shrinks.
    /// Other changes may be included or not, and the kernel can omit an entry when another one is deleted during a dump.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/tableChanging`` after five attempts that detected a change.
    public func table() throws(IPVSError) -> Table {
        try scan(
            into: { count in Table(reservingCapacity: count) },
            where: { _ in true },
            { (table, server, realServers) throws(Table.Conflict) in
                try table.insert(try Table.Entry(server, realServers: realServers))
            }
        )
    }

    /// Returns the entry with an identity, a virtual server with its real servers, without counters; nil if there is none.
    ///
    /// This takes one request and one dump, however large the table is.
    ///
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/tableChanging`` after five attempts that detected a change.
    public func entry(_ id: VirtualServer.Identity) throws(IPVSError) -> Table.Entry? {
        for _ in 0..<Self.attempts {
            guard let server = try virtualServer(id)?.server else { return nil }
            var realServers: [RealServer] = []
            try listRealServers(of: id, into: &realServers)
            do throws(Table.Conflict) { return try Table.Entry(server, realServers: realServers) } catch { continue }
        }
        throw IPVSError(.tableChanging, .readRealServers(id))
    }

    /// Folds the virtual servers with their real servers, without counters, into a result. If a change of the table is
    /// detected, folding starts again.
    ///
    /// - Parameters:
    ///   - initial: Creates the initial result, for at most this number of virtual servers.
    ///   - isIncluded: Whether to fold a virtual server; the real servers of others are not listed.
    ///   - fold: Adds an entry to the result; throws if there is a duplicate.
    /// - Returns: The result, of a table without detected changes.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/tableChanging`` after five attempts that detected a change.
    func scan<Result>(
        into initial: (_ count: Int) -> Result,
        where isIncluded: (VirtualServer) -> Bool,
        _ fold: (inout Result, VirtualServer, [RealServer]) throws(Table.Conflict) -> Void
    ) throws(IPVSError) -> Result {
        for _ in 0..<Self.attempts {
            if let result = try scanOnce(into: initial, where: isIncluded, fold) { return result }
        }
        throw IPVSError(.tableChanging, .readVirtualServers)
    }

    /// Reads the table once; returns nil if it changed meanwhile.
    private func scanOnce<Result>(
        into initial: (_ count: Int) -> Result,
        where isIncluded: (VirtualServer) -> Bool,
        _ fold: (inout Result, VirtualServer, [RealServer]) throws(Table.Conflict) -> Void
    ) throws(IPVSError) -> Result? {
        let servers = try configuredServers()
        var result = initial(servers.count)
        var realServers: [RealServer] = []
        var isAnyEmpty = false
        for server in servers where isIncluded(server) {
            try listRealServers(of: server.id, into: &realServers)
            isAnyEmpty = isAnyEmpty || realServers.isEmpty
            do throws(Table.Conflict) { try fold(&result, server, realServers) } catch { return nil }
        }
        // The kernel's list is empty, too, if the virtual server has been deleted meanwhile.
        if isAnyEmpty, try Set(configuredServers()) != Set(servers) { return nil }
        return result
    }

    private func configuredServers() throws(IPVSError) -> [VirtualServer] {
        try list(.readVirtualServers, by: \.id) { (bytes) throws(MalformedReply) in
            let payload = try bytes.payload(of: IPVS_CMD_ATTR_SERVICE)
            return try VirtualServer(decoding: bytes.extracting(payload))
        }
    }

    /// Lists real servers into an array whose memory is reused.
    private func listRealServers(
        of id: VirtualServer.Identity,
        into list: inout [RealServer]
    ) throws(IPVSError) {
        try ask(.readRealServers(id), list.removeAll(keepingCapacity: true)) {
            (_, bytes) throws(MalformedReply) in
            let payload = try bytes.payload(of: IPVS_CMD_ATTR_DEST)
            list.append(try RealServer(decoding: bytes.extracting(payload), serviceFamily: id.family))
        }
    }
}
