extension InMemoryKernel {
    /// A version of Linux, whose rules a kernel follows.
    ///
    /// The versions are those that the kernel in memory was compared with. They differ in few things, which each version names.
    public enum Version: Hashable, Sendable, CaseIterable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        // A version number needs something between its parts.
        /// Linux 6.1, as Debian 12 has it: without the scheduler `twos`, and with thresholds of up to 32 bits.
        case v6_1

        // swift-format-ignore: AlwaysUseLowerCamelCase
        // A version number needs something between its parts.
        /// Linux 6.12, as Debian 13 has it: thresholds have up to 31 bits.
        case v6_12

        /// Linux 7: as 6.12, but a namespace without virtual servers has a connection table of size 0.
        ///
        /// The tables that grow and shrink in the background are not part of it. What this does to lists is a fault:
        /// ``InMemoryKernel/Fault/movedEntries``.
        case v7
    }
}

// The differences.
extension InMemoryKernel.Version {
    /// The names of the kernel's schedulers, and that of none at all.
    var schedulers: Set<String> {
        var names: Set<String> = [
            "none", "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf",
        ]
        if self != .v6_1 { names.insert("twos") }
        return names
    }

    /// Whether a threshold may be above the highest number of 31 bits.
    var takesAnyThreshold: Bool { self == .v6_1 }

    /// Whether the kernel makes the connection table of a namespace when it is first needed.
    var makesConnectionTableLate: Bool { self == .v7 }

    /// The size of a connection table.
    var connectionTableSize: UInt32 { self == .v7 ? 256 : 4_096 }
}
