import IPVS

extension Top {
    /// The table with its counters, as the kernel had it at one time.
    struct Snapshot {
        /// When it was read, on a clock that starts anywhere.
        var time: Duration

        var services: [Table.Entry.Status]
    }
}

extension Top.Snapshot {
    /// Reads the table. A virtual server that is deleted meanwhile is left out.
    init(_ handle: Handle, at time: Duration) throws(IPVSError) {
        self.init(time: time, services: [])
        var statuses = try handle.tableStatuses()
        while let service = try statuses.next() { services.append(service) }
    }
}
