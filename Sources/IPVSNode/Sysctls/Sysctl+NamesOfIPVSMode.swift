extension Sysctl {
    /// The names of all settings that ``ipvsMode(on:forwardingIPv6:strictARP:)`` returns for any kernel and any options.
    package static let namesOfIPVSMode: Set<String> = {
        // Before, within and after the versions that make a difference.
        let versions = [KernelVersion(3, 10), KernelVersion(4, 1), KernelVersion(5, 8), KernelVersion(5, 9), .running]
        return Set(versions.flatMap { ipvsMode(on: $0, forwardingIPv6: true, strictARP: true) }.map(\.name))
    }()
}
