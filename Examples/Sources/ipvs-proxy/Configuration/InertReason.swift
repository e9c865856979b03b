/// Why flags and fields of kube-proxy have no effect.
enum InertReason {
    static let configSyncPeriod = "a change of an object is seen at once"
    static let requests = "the program watches objects, which takes few requests"
    static let contentType = "objects are requested as JSON"
    static let gates = "no feature gate changes what this program does"
    static let profiling = "there are no profiles to serve"
    static let metrics = "no metrics are hidden"
    static let iptables = "packet rules are those of nftables, and are written with each sync of IPVS"
    static let masquerading =
        "iptables.masqueradeAll and iptables.masqueradeBit are those of IPVS mode, as in kube-proxy"
    static let localhost = "loopback addresses have no node ports in IPVS mode"
    static let source = "connections are masqueraded with the address of the outgoing interface"
    static let userspace = "it belongs to kube-proxy's userspace mode"
    static let windows = "it belongs to Windows"
    static let log = "lines of the log go to standard error, all in one form"
    static let flush = "each line of the log is written at once"
    static let format = "lines of the log are text"
    static let modules = "all parts of the program have one log level"

    /// The fields that have no effect, as long as they have their defaults.
    private static let fields:
        [(path: String, reason: String, value: @Sendable (KubeProxyConfiguration) -> AnyHashable)] = [
            ("clientConnection.acceptContentTypes", contentType, { $0.clientConnection.acceptContentTypes }),
            ("clientConnection.burst", requests, { $0.clientConnection.burst }),
            ("clientConnection.contentType", contentType, { $0.clientConnection.contentType }),
            ("clientConnection.qps", requests, { $0.clientConnection.qps }),
            ("configSyncPeriod", configSyncPeriod, { $0.configSyncPeriod }),
            ("enableProfiling", profiling, { $0.enableProfiling }),
            ("featureGates", gates, { $0.featureGates }),
            ("iptables.minSyncPeriod", iptables, { $0.iptables.minSyncPeriod }),
            ("iptables.snatNodeInternalIP", source, { $0.iptables.snatNodeInternalIP }),
            ("iptables.syncPeriod", iptables, { $0.iptables.syncPeriod }),
            ("logging.flushFrequency", flush, { $0.logging.flushFrequency }),
            ("logging.format", format, { $0.logging.format }),
            ("logging.sanitization", "no secret is ever logged", { $0.logging.sanitization }),
            ("logging.vmodule", modules, { $0.logging.vmodule }),
            ("nftables", masquerading, { $0.nftables }),
            ("portRange", userspace, { $0.portRange }),
            ("showHiddenMetricsForVersion", metrics, { $0.showHiddenMetricsForVersion }),
            ("udpIdleTimeout", userspace, { $0.udpIdleTimeout }),
            ("windowsRunAsService", windows, { $0.windowsRunAsService }),
            ("winkernel", windows, { $0.winkernel }),
        ]

    /// What is to be logged about a configuration that was read from a file: a line for each field that is not honored.
    static func notices(_ configuration: KubeProxyConfiguration) -> [String] {
        let defaults = KubeProxyConfiguration()
        return fields.filter { $0.value(configuration) != $0.value(defaults) }.map { field in
            "\(field.path) has no effect: \(field.reason)"
        }
    }
}
