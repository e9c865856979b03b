// What a handle would refuse of a table before it sends a byte, for those who want to know before they have a handle.

extension Table {
    /// The values that no kernel takes: for each virtual and each real server that has any, the error that to apply it
    /// would bring. None if it can be applied as far as can be told without a kernel.
    public var invalidValues: [IPVSError] { sortedEntries().flatMap(\.invalidValues) }
}

extension Table.Entry {
    /// The values that no kernel takes: an error for the virtual server, and for each real server, that has any. The
    /// error's ``IPVSError/operation`` tells which it is, and its ``IPVSError/field`` what of it.
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
