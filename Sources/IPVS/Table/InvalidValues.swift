// The values that a handle rejects before it sends anything, for programs that check a table without a handle.

extension Table {
    /// The values that no kernel accepts: for each virtual or real server that has one, the error that applying it would
    /// cause. It is empty if the table is valid as far as can be determined without a kernel.
    public var invalidValues: [IPVSError] { sortedEntries().flatMap(\.invalidValues) }
}

extension Table.Entry {
    /// The values that no kernel accepts: an error for the virtual server, and for each real server, that has one. The
    /// error's ``IPVSError/operation`` identifies the server, and its ``IPVSError/field`` the value.
    public var invalidValues: [IPVSError] {
        let requests = [.addVirtualServer(server)] + realServers.map { Request.addRealServer($0, server.id) }
        return requests.compactMap { request in
            do throws(InvalidValue) {
                try request.validate()
                return nil
            } catch {
                return IPVSError(request, error)
            }
        }
    }
}
