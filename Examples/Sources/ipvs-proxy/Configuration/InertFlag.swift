import ArgumentParser
import IPVS

/// A flag of kube-proxy that has no effect here. It is accepted, so that the command line of kube-proxy can stay as it is.
struct InertFlag: Sendable {
    let name: String

    /// Why it has none.
    let reason: String

    /// Whether it is true if no value is given.
    var isSwitch = false

    /// A value that asks for nothing else than what the program does.
    var harmless: String?

    /// Checks the value and keeps it in the configuration, if it has a field for it.
    var read: @Sendable (String, inout KubeProxyConfiguration) throws(ValidationError) -> Void = {
        (_, _) throws(ValidationError) in
    }

    /// What is logged for a value, if the flag is given with one; nil if there is nothing to say.
    func notice(_ value: String) -> String? {
        let isOn = ["1", "t", "true"].contains(value.lowercased())
        let value = isSwitch ? "\(isOn)" : value
        return value == harmless ? nil : "--\(name) has no effect: \(reason)"
    }
}

extension InertFlag {
    /// All of them, in the order of their names within a group.
    static let all = client + otherModes + program + logging

    private static let client = [
        InertFlag(name: "config-sync-period", reason: InertReason.configSyncPeriod) {
            (text, all) throws(ValidationError) in all.configSyncPeriod = try GoDuration(argument: text)
        },
        InertFlag(name: "kube-api-burst", reason: InertReason.requests) { (text, all) throws(ValidationError) in
            all.clientConnection.burst = try whole(text, 0...Int(Int32.max))
        },
        InertFlag(name: "kube-api-content-type", reason: InertReason.contentType) {
            (text, all) throws(ValidationError) in
            all.clientConnection.contentType = text
        },
        InertFlag(name: "kube-api-qps", reason: InertReason.requests) { (text, all) throws(ValidationError) in
            guard let qps = Double(text), qps.isFinite else { throw ValidationError("it must be a number") }
            all.clientConnection.qps = qps
        },
    ]

    private static let otherModes = [
        InertFlag(name: "cleanup-ipvs", reason: "--cleanup always removes virtual servers, and only the proxy's own")
            .asSwitch(harmless: true),
        InertFlag(name: "iptables-localhost-nodeports", reason: InertReason.localhost) {
            (text, all) throws(ValidationError) in
            all.iptables.localhostNodePorts = ["1", "t", "true"].contains(text.lowercased())
        }
        .asSwitch(harmless: false),
        InertFlag(name: "iptables-min-sync-period", reason: InertReason.iptables) {
            (text, all) throws(ValidationError) in
            all.iptables.minSyncPeriod = try GoDuration(argument: text)
        },
        InertFlag(name: "iptables-sync-period", reason: InertReason.iptables) { (text, all) throws(ValidationError) in
            all.iptables.syncPeriod = try GoDuration(argument: text)
        },
        InertFlag(name: "proxy-port-range", reason: InertReason.userspace) { (text, all) throws(ValidationError) in
            all.portRange = text
        },
        InertFlag(name: "udp-timeout", reason: InertReason.userspace) { (text, all) throws(ValidationError) in
            all.udpIdleTimeout = try GoDuration(argument: text)
        },
    ]

    private static let program = [
        InertFlag(name: "feature-gates", reason: InertReason.gates) { (text, all) throws(ValidationError) in
            for part in text.split(separator: ",") {
                let halves = part.split(separator: "=", maxSplits: 1).map { String($0).trimmed }
                guard halves.count == 2, ["true", "false"].contains(halves[1].lowercased()) else {
                    throw ValidationError("it must be a list such as A=true,B=false")
                }
                all.featureGates[halves[0]] = halves[1].lowercased() == "true"
            }
        },
        InertFlag(name: "profiling", reason: InertReason.profiling) { (text, all) throws(ValidationError) in
            all.enableProfiling = ["1", "t", "true"].contains(text.lowercased())
        }
        .asSwitch(harmless: false),
        InertFlag(name: "show-hidden-metrics-for-version", reason: InertReason.metrics) {
            (text, all) throws(ValidationError) in all.showHiddenMetricsForVersion = text
        },
    ]

    /// The flags of klog and of the logging of components.
    private static let logging =
        ["add-dir-header", "alsologtostderr", "one-output", "skip-headers", "skip-log-headers"].map { name in
            InertFlag(name: name, reason: InertReason.log).asSwitch(harmless: false)
        }
        + ["log-json-split-stream", "log-text-split-stream"].map { name in
            InertFlag(name: name, reason: InertReason.log).asSwitch(harmless: false)
        }
        + [
            InertFlag(name: "log-backtrace-at", reason: InertReason.log).with(harmless: ":0"),
            InertFlag(name: "log-dir", reason: InertReason.log).with(harmless: ""),
            InertFlag(name: "log-file", reason: InertReason.log).with(harmless: ""),
            InertFlag(name: "log-file-max-size", reason: InertReason.log),
            InertFlag(name: "log-flush-frequency", reason: InertReason.flush) { (text, all) throws(ValidationError) in
                all.logging.flushFrequency = try GoDuration(argument: text)
            },
            InertFlag(name: "log-json-info-buffer-size", reason: InertReason.log),
            InertFlag(name: "log-text-info-buffer-size", reason: InertReason.log),
            InertFlag(name: "logging-format", reason: InertReason.format) { (text, all) throws(ValidationError) in
                all.logging.format = text
            }
            .with(harmless: "text"),
            InertFlag(name: "logtostderr", reason: InertReason.log).asSwitch(harmless: true),
            InertFlag(name: "stderrthreshold", reason: InertReason.log),
            InertFlag(name: "vmodule", reason: InertReason.modules) { (text, all) throws(ValidationError) in
                all.logging.vmodule = try text.split(separator: ",").map { part throws(ValidationError) in
                    let halves = part.split(separator: "=", maxSplits: 1).map(String.init)
                    guard halves.count == 2, let level = UInt32(halves[1]) else {
                        throw ValidationError("it must be a list such as file=2,other*=4")
                    }
                    return .init(filePattern: halves[0], verbosity: level)
                }
            }
            .with(harmless: ""),
        ]

    private func asSwitch(harmless: Bool) -> InertFlag {
        var flag = with(harmless: "\(harmless)")
        flag.isSwitch = true
        return flag
    }

    private func with(harmless: String) -> InertFlag {
        var flag = self
        flag.harmless = harmless
        return flag
    }

    private init(
        name: String,
        reason: String,
        read: @escaping @Sendable (String, inout KubeProxyConfiguration) throws(ValidationError) -> Void
    ) {
        self.init(name: name, reason: reason)
        self.read = read
    }

    private static func whole(_ text: String, _ limits: ClosedRange<Int>) throws(ValidationError) -> Int {
        guard let number = Int(text), limits.contains(number) else {
            throw ValidationError("it must be a whole number from \(limits.lowerBound) to \(limits.upperBound)")
        }
        return number
    }
}
