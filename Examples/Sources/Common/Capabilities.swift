import CStartup
import Glibc

/// Capabilities of a process, `CAP_*` of capabilities(7).
package struct Capabilities: OptionSet, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    private init(_ number: Int32) { rawValue = 1 << UInt64(number) }

    /// Network settings, IPVS among them.
    package static let networkAdministration = Self(CAP_NET_ADMIN)

    /// Ports below 1024.
    package static let lowPorts = Self(CAP_NET_BIND_SERVICE)

    /// Files that belong to others: reading them, writing them, and leaving them theirs when they are replaced.
    package static let anyFile: Self = [
        Self(CAP_DAC_OVERRIDE), Self(CAP_DAC_READ_SEARCH), Self(CAP_CHOWN), Self(CAP_FOWNER),
    ]

    /// Becoming less likely to be ended when memory runs out.
    package static let resources = Self(CAP_SYS_RESOURCE)

    /// Entering a network namespace, and finding that of another process, which the kernel takes for tracing it.
    package static let otherNamespaces: Self = [Self(CAP_SYS_ADMIN), Self(CAP_SYS_PTRACE)]

    /// ``otherNamespaces`` if the command line has the option for one.
    package static var namespaceOption: Self {
        Startup.arguments.contains { $0 == "--netns" || $0.hasPrefix("--netns=") } ? otherNamespaces : []
    }

    /// Gives up all others, for good.
    ///
    /// It must be called before the program has another thread, so by a main function that is not asynchronous.
    ///
    /// The program gets none that it didn't have.
    package func keepOnly() {
        let error = startup_keep_capabilities(rawValue)
        guard error != 0 else { return }
        // Only a sandbox without these system calls can refuse it.
        Console.fail("can't give up privileges: \(String(cString: strerror(error)))")
    }
}
