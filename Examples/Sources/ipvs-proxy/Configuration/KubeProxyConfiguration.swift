import IPVS

/// The configuration of kube-proxy: `KubeProxyConfiguration` of `kubeproxy.config.k8s.io/v1alpha1`, with its defaults.
///
/// It has the fields of all versions of Kubernetes that have an IPVS mode. `Encodable` gives the form that is read.
struct KubeProxyConfiguration: Hashable, Encodable, Sendable {
    let apiVersion = Self.group + "/v1alpha1"
    let kind = Self.kind
    var bindAddress = IPAddress(0, 0, 0, 0)
    var bindAddressHardFail = false
    var clientConnection = ClientConnection()
    var clusterCIDR = BlockList()
    var configSyncPeriod = GoDuration(.seconds(15 * 60))
    var conntrack = Conntrack()
    var detectLocal = DetectLocal()
    var detectLocalMode = LocalMode.clusterCIDR
    var enableProfiling = false
    var featureGates: [String: Bool] = [:]
    var healthzBindAddress = ServingAddress(Endpoint(IPAddress(0, 0, 0, 0), ServingAddress.healthzPort))
    var hostnameOverride = ""
    var iptables = IPTables()
    var ipvs = IPVS()
    var logging = Logging()
    var metricsBindAddress = ServingAddress(Endpoint(IPAddress(127, 0, 0, 1), ServingAddress.metricsPort))
    var mode = ""
    var nftables = NFTables()
    var nodePortAddresses: [NodePortRange] = []
    /// Nil leaves the program's value.
    var oomScoreAdj: Int? = -999
    var portRange = ""
    var showHiddenMetricsForVersion = ""
    var udpIdleTimeout = GoDuration(.milliseconds(250))
    var windowsRunAsService = false
    var winkernel = Winkernel()

    static let group = "kubeproxy.config.k8s.io"
    static let kind = "KubeProxyConfiguration"

    struct ClientConnection: Hashable, Encodable, Sendable {
        var acceptContentTypes = ""
        var burst = 10
        var contentType = "application/vnd.kubernetes.protobuf"
        var kubeconfig = ""
        var qps = 5.0
    }

    struct Conntrack: Hashable, Encodable, Sendable {
        var maxPerCore: UInt32 = 32_768
        var min: UInt32 = 131_072
        var tcpBeLiberal = false
        var tcpCloseWaitTimeout = IdleTimeout(seconds: 3_600)
        var tcpEstablishedTimeout = IdleTimeout(seconds: 86_400)
        var udpStreamTimeout = IdleTimeout(seconds: 0)
        var udpTimeout = IdleTimeout(seconds: 0)
    }

    struct DetectLocal: Hashable, Encodable, Sendable {
        var bridgeInterface = ""
        var interfaceNamePrefix = ""
    }

    struct IPTables: Hashable, Encodable, Sendable {
        var localhostNodePorts = true
        var masqueradeAll = false
        var masqueradeBit: UInt8 = 14
        var minSyncPeriod = GoDuration(.seconds(1))
        var snatNodeInternalIP = false
        var syncPeriod = GoDuration(.seconds(30))
    }

    struct IPVS: Hashable, Encodable, Sendable {
        var excludeCIDRs: [IPAddress.Block] = []
        var minSyncPeriod = GoDuration(.zero)
        var scheduler = Scheduler.roundRobin.rawValue
        var strictARP = false
        var syncPeriod = GoDuration(.seconds(30))
        var tcpFinTimeout = IdleTimeout(seconds: 0)
        var tcpTimeout = IdleTimeout(seconds: 0)
        var udpTimeout = IdleTimeout(seconds: 0)
    }

    struct Logging: Hashable, Encodable, Sendable {
        var flushFrequency = GoDuration(.seconds(5))
        var format = "text"
        var sanitization = false
        var verbosity: UInt32 = 0
        var vmodule: [Module] = []

        struct Module: Hashable, Encodable, Sendable {
            let filePattern: String
            let verbosity: UInt32
        }
    }

    struct NFTables: Hashable, Encodable, Sendable {
        var masqueradeAll = false
        var masqueradeBit: UInt8 = 14
        var minSyncPeriod = GoDuration(.seconds(1))
        var syncPeriod = GoDuration(.seconds(30))
    }

    struct Winkernel: Hashable, Encodable, Sendable {
        var enableDSR = false
        var forwardHealthCheckVip = false
        var networkName = ""
        var rootHnsEndpointName = ""
        var sourceVip = ""
    }
}

extension KubeProxyConfiguration {
    /// The defaults for manifests without a configuration file, where nobody has asked for kube-proxy: the kernel's settings of
    /// connection tracking stay, and changes of files are taken together.
    static var forManifests: Self {
        var configuration = Self()
        let zero = IdleTimeout(seconds: 0)
        configuration.conntrack = Conntrack(
            maxPerCore: 0,
            min: 0,
            tcpCloseWaitTimeout: zero,
            tcpEstablishedTimeout: zero
        )
        configuration.bindAddressHardFail = true
        configuration.ipvs.minSyncPeriod = GoDuration(.seconds(1))
        configuration.oomScoreAdj = nil
        return configuration
    }
}
