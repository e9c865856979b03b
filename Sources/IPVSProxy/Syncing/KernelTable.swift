import IPVS

/// The kernel's table of virtual servers, with the calls that a sync makes, so that tests can stand in for the kernel.
protocol KernelTable: Sendable {
    /// Compares the whole table with another one, except for the virtual servers that are excluded.
    func compare(
        with desired: Table,
        where isIncluded: (VirtualServer) -> Bool
    ) throws(IPVSError) -> Comparison

    /// One virtual server with its real servers; nil if there is none.
    func entry(_ id: VirtualServer.Identity) throws(IPVSError) -> Table.Entry?

    /// The real servers of a virtual server with their connections.
    func realServers(of id: VirtualServer.Identity) throws(IPVSError) -> [RealServer.Status]

    /// The timeouts of idle connections.
    func timeouts() throws(IPVSError) -> Timeouts

    /// Sets the timeouts that are not nil.
    func setTimeouts(_ timeouts: Timeouts) throws(IPVSError)

    /// Makes the changes of a plan, each on its own. Failures have the indexes of the plan's changes.
    func make(_ plan: Table.Plan) throws(IPVSError) -> Handle.Batch.Outcome
}

extension Handle: KernelTable {}
