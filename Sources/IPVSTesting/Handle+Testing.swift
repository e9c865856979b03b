public import IPVS

extension Handle {
    /// Opens the IPVS of a kernel in memory.
    ///
    /// - Parameter kernel: The kernel. The handle keeps it alive.
    /// - Throws: `IPVSError`, which no kernel in memory is a reason for.
    public convenience init(testing kernel: InMemoryKernel) throws(IPVSError) {
        try self.init(channel: kernel.openSocket(), files: KernelFiles(kernel: kernel))
    }
}
