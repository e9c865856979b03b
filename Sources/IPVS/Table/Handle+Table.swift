import CIPVS
import Netlink

extension Handle {
    /// All virtual servers with their real servers, without counters.
    ///
    /// It takes one list of the virtual servers, and for each a list of its real servers; the kernel has no other way.
    /// If another program changes the table meanwhile, that is noticed where it shows: something is there twice, or a
    /// virtual server has gone. The table is read again then. A change that leaves no such trace may be in the table or
    /// not; and the kernel, which goes on in a list by counting entries, can leave one out when another is deleted.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/tableChanging`` if it was changed each time it was read.
    public func table() throws(IPVSError) -> Table {
        try scan(
            into: { count in Table(reservingCapacity: count) },
            where: { _ in true },
            { (table, server, realServers) throws(Table.Conflict) in
                try table.insert(try Table.Entry(server, realServers: realServers))
            }
        )
    }

    /// One virtual server with its real servers, without counters; nil if there is none with the identity.
    ///
    /// It takes two lists, however many virtual servers there are besides.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/tableChanging`` if it was changed each time it was read.
    public func entry(_ id: VirtualServer.Identity) throws(IPVSError) -> Table.Entry? {
        for _ in 0..<Self.attempts {
            guard let server = try virtualServer(id)?.server else { return nil }
            var realServers: [RealServer] = []
            try listRealServers(of: id, into: &realServers)
            do throws(Table.Conflict) { return try Table.Entry(server, realServers: realServers) } catch { continue }
        }
        throw IPVSError(.tableChanging, .readRealServers(id))
    }

    /// How often something is read that is seen to change meanwhile.
    private static let attempts = 5

    /// Folds the virtual servers with their real servers, without counters, into a result, which begins anew when the
    /// table was seen to change meanwhile.
    ///
    /// - Parameters:
    ///   - initial: The result to begin with, for so many virtual servers at most.
    ///   - isIncluded: Which virtual servers to fold; the real servers of others are not listed.
    ///   - fold: Throws where something is there twice.
    /// - Returns: The result, of a table that was not seen to change.
    /// - Throws: ``IPVSError`` with ``IPVSError/Code/tableChanging`` if it was changed each time it was read.
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

    /// Reads the table once; nil if it has changed meanwhile.
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
        // An empty list may be that of a virtual server which has just been deleted.
        if isAnyEmpty, try Set(configuredServers()) != Set(servers) { return nil }
        return result
    }

    private func configuredServers() throws(IPVSError) -> [VirtualServer] {
        try ask(.readVirtualServers, []) { (list, bytes) throws(MalformedReply) in
            let payload = try bytes.payload(of: IPVS_CMD_ATTR_SERVICE)
            list.append(try VirtualServer(decoding: bytes.extracting(payload)))
        }
    }

    /// Lists real servers in memory that was used before.
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
