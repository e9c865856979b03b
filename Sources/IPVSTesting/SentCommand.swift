extension InMemoryKernel {
    /// A command that a kernel in memory has received, and how it ended.
    public struct SentCommand: Hashable, Sendable {
        /// What was asked for.
        public let command: Command

        /// The error number that the kernel answered with; 0 for success. The answer itself may have been lost.
        public let errno: Int32

        /// The bytes of the netlink message, headers included.
        public let bytes: [UInt8]
    }
}
