import IPVS

extension Top {
    /// The table with its counters at one time.
    struct Snapshot {
        /// The time when it was read, of a monotonic clock.
        var time: Duration

        var services: [Table.Entry.Status]
    }
}

extension Top.Snapshot {
    /// Reads the table, without virtual servers that are deleted in between.
    init(_ handle: Handle, at time: Duration) throws(IPVSError) {
        self.init(time: time, services: [])
        var statuses = try handle.tableStatuses()
        while let service = try statuses.next() { services.append(service) }
    }
}
