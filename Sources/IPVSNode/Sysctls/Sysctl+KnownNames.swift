extension Sysctl {
    /// The names of all settings of ``ipvsMode(on:forwardingIPv6:strictARP:)`` and of connection tracking, for any
    /// kernel and any options.
    package static let knownNames: Set<String> = {
        // Before, within and after the versions that make a difference.
        let versions = [KernelVersion(3, 10), KernelVersion(4, 1), KernelVersion(5, 8), KernelVersion(5, 9), .running]
        let mode = versions.flatMap { ipvsMode(on: $0, forwardingIPv6: true, strictARP: true) }
        let tracking = connectionTracking(
            maxPerCore: 1,
            tcpEstablishedTimeout: 1,
            tcpCloseWaitTimeout: 1,
            tcpIsLiberal: true,
            udpTimeout: 1,
            udpStreamTimeout: 1
        )
        return Set((mode + tracking).map(\.name))
    }()
}
