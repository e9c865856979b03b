extension InMemoryKernel {
    /// A version of Linux, whose rules a kernel follows.
    ///
    /// The versions are those that the kernel in memory was compared with. They differ in few things, which each version names.
    public enum Version: Hashable, Sendable, CaseIterable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        // A version number needs something between its parts.
        /// Linux 6.1, as Debian 12 has it: without the scheduler `twos`.
        case v6_1

        // swift-format-ignore: AlwaysUseLowerCamelCase
        // A version number needs something between its parts.
        /// Linux 6.12, as Debian 13 has it.
        case v6_12

        /// Linux 7: a namespace without virtual servers has a connection table of size 0.
        case v7
    }
}
