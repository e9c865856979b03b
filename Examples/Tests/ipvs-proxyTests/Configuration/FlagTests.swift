import ArgumentParser
import Common
import IPVS
import IPVSNode
import IPVSProxy
import Logging
import Testing

@testable import ipvs_proxy

/// The command line of kube-proxy.
@Suite struct ConfigurationFlags {
    private func settings(_ words: String..., environment: [String: String] = [:]) throws -> Settings {
        try Settings(words, environment: environment)
    }

    /// A value of each flag that is not a switch.
    private static let values = [
        "bind-address": "0.0.0.0", "cluster-cidr": "10.0.0.0/8", "config": "/nowhere", "config-sync-period": "15m0s",
        "conntrack-max-per-core": "1", "conntrack-min": "1", "conntrack-tcp-timeout-close-wait": "1h",
        "conntrack-tcp-timeout-established": "24h", "detect-local-mode": "ClusterCIDR",
        "feature-gates": "A=true,B=false",
        "healthz-bind-address": "0.0.0.0", "hostname-override": "a", "iptables-masquerade-bit": "14",
        "iptables-min-sync-period": "1s", "iptables-sync-period": "30s", "ipvs-exclude-cidrs": "10.0.0.0/8",
        "ipvs-min-sync-period": "0s", "ipvs-scheduler": "rr", "ipvs-sync-period": "30s", "ipvs-tcp-timeout": "1s",
        "ipvs-tcpfin-timeout": "1s", "ipvs-udp-timeout": "1s", "kube-api-burst": "10", "kube-api-content-type": "a",
        "kube-api-qps": "5.5", "kubeconfig": "/a", "log-backtrace-at": ":0", "log-dir": "/a", "log-file": "/a",
        "log-file-max-size": "1800", "log-flush-frequency": "5s", "master": "https://a",
        "metrics-bind-address": "[::1]:1",
        "nodeport-addresses": "10.0.0.0/8,192.0.2.0/24", "oom-score-adj": "-999", "proxy-mode": "ipvs",
        "proxy-port-range": "1-2", "show-hidden-metrics-for-version": "1.19", "stderrthreshold": "2",
        "udp-timeout": "1s",
        "v": "2", "vmodule": "a=1", "write-config-to": "/a",
    ]

    /// All flags of kube-proxy 1.20, in both of their forms.
    @Test func everyFlagIsAccepted() throws {
        let names = try Sample.fixture("KubeProxy/flags-1.20.txt").split(separator: "\n").map(String.init)
        #expect(names.count > 50)
        for name in names where !["help", "version"].contains(name) {
            let forms =
                Self.values[name].map { [["--\(name)=\($0)"], ["--\(name)", $0]] }
                ?? [["--\(name)"], ["--\(name)=true"], ["--\(name)=false"]]
            for form in forms {
                #expect(throws: Never.self, "\(form)") {
                    let flags = try FlagWords(form)
                    let options = try Options.parse(flags.words)
                    guard name != "config" else { return }
                    _ = try Settings(options, flags, environment: ["KUBERNETES_SERVICE_HOST": "10.96.0.1"])
                }
            }
        }
    }

    @Test func switchesAndRepetitions() throws {
        let off = try FlagWords(["--masquerade-all", "--masquerade-all=false", "a"])
        #expect(off.words == ["a"] && off.names.isEmpty)
        #expect(try FlagWords(["--masquerade_all=0", "--masquerade-all=T"]).words == ["--masquerade-all"])
        #expect(try FlagWords(["--", "--masquerade-all=false"]).words == ["--", "--masquerade-all=false"])
        #expect(throws: ValidationError.self) { try FlagWords(["--once=2"]) }
        #expect(throws: ValidationError.self) { try FlagWords(["--profiling=2"]) }
        #expect(try settings("a", "--ipvs-scheduler=lc", "--scheduler", "sh").configuration.ipvs.scheduler == "sh")
        #expect(try settings("a", "--oom-score-adj", "-5").configuration.oomScoreAdj == -5)
    }

    @Test func verbosity() throws {
        for (words, level) in [
            (["-v2"], .info), (["-v=3"], .info), (["--v", "4"], .debug), (["-v", "5"], .debug), (["--v=6"], .trace),
            (["--v=9", "--log-level", "error"], .error),
        ] as [([String], Logger.Level)] {
            #expect(try Settings(["a"] + words, environment: [:]).logLevel == level, "\(words)")
        }
    }

    @Test func everyFlagCounts() throws {
        let settings = try settings(
            "--kubeconfig=/a",
            "--master=https://b",
            "--proxy-mode=ipvs",
            "--bind-address=192.0.2.9",
            "--bind-address-hard-fail",
            "--cluster-cidr=10.0.0.0/8,fd00::/8",
            "--masquerade-all",
            "--iptables-masquerade-bit=3",
            "--ipvs-strict-arp",
            "--ipvs-exclude-cidrs=192.0.2.0/24",
            "--nodeport-addresses=primary",
            "--conntrack-tcp-be-liberal",
            "--conntrack-udp-timeout=1m",
            "--conntrack-udp-timeout-stream=2m",
            "--healthz-bind-address=127.0.0.1",
            "--metrics-bind-address="
        )
        #expect(settings.origin == .server(kubeconfig: "/a", master: "https://b"))
        #expect(settings.notices.isEmpty && !settings.needsNodeFacts)
        let proxier = settings.proxier()
        #expect(proxier.nodePortBlocks.map(\.description) == ["192.0.2.9/32"])
        #expect(proxier.packetRules.masqueradesAll && proxier.packetRules.masqueradeBit == 3)
        #expect(proxier.excludedBlocks.map(\.description) == ["192.0.2.0/24"])
        #expect(proxier.sysctls.contains(.init("net.ipv4.conf.all.arp_ignore", 1)))
        for (name, value) in [("tcp_be_liberal", 1), ("udp_timeout", 60), ("udp_timeout_stream", 120)] {
            #expect(proxier.sysctls.contains(.init("net.netfilter.nf_conntrack_\(name)", value)))
        }
        #expect(settings.configuration.bindAddressHardFail && settings.configuration.oomScoreAdj == -999)
        #expect(settings.configuration.healthzBindAddress.endpoint?.description == "127.0.0.1:10256")
        #expect(settings.configuration.metricsBindAddress.endpoint == nil)
    }

    @Test func nodeFacts() throws {
        let settings = try settings("--kubeconfig=/a", "--detect-local-mode=NodeCIDR", "--nodeport-addresses=primary")
        #expect(settings.needsNodeFacts)
        let block = try IPAddress.Block(argument: "10.244.3.0/24")
        let proxier = settings.proxier(NodeFacts(podBlocks: [block], addresses: [IPAddress(192, 0, 2, 7)]))
        #expect(proxier.packetRules.pods == .sources([block]))
        #expect(proxier.nodePortBlocks.map(\.description) == ["192.0.2.7/32"])
    }

    /// The ports of addresses, also in kube-proxy's older flags.
    @Test func ports() throws {
        func health(_ words: String...) throws -> String? {
            try Settings(["a"] + words, environment: [:]).configuration.healthzBindAddress.endpoint?.description
        }
        #expect(try health() == "0.0.0.0:10256")
        #expect(try health("--healthz-port=80") == "0.0.0.0:80")
        #expect(try health("--healthz-port=80", "--healthz-bind-address=::1") == "[::1]:80")
        #expect(try health("--healthz-port=80", "--healthz-address=127.0.0.1:81") == "127.0.0.1:81")
        #expect(try health("--healthz-port=0") == nil)
        #expect(try health("--healthz-address", "none") == nil)
    }

    @Test func origins() throws {
        #expect(try settings("a").origin == .manifests(["a"]))
        let pod = ["KUBERNETES_SERVICE_HOST": "10.96.0.1"]
        #expect(try settings(environment: pod).origin == .server(kubeconfig: nil, master: nil))
        #expect(try settings("a", environment: pod).origin == .manifests(["a"]))
        #expect(try settings("--master=http://a").origin == .server(kubeconfig: nil, master: "http://a"))
        #expect(try settings("--cleanup").origin == nil)
        #expect(try settings("--init-only").action == .initialize)
        #expect(try settings("--write-config-to=/a").action == .writeConfiguration("/a"))
        #expect(throws: ValidationError.self) { try settings() }
    }

    /// Without anything of kube-proxy, the kernel's settings of connection tracking stay.
    @Test func defaultsOfManifests() throws {
        let settings = try settings("a")
        let proxier = settings.proxier()
        #expect(proxier.minSyncPeriod == .seconds(1) && proxier.syncPeriod == .seconds(30))
        #expect(!proxier.sysctls.contains { $0.name.contains("nf_conntrack") })
        #expect(settings.configuration.oomScoreAdj == nil && settings.notices.isEmpty)
    }

    @Test func noticesOfFlags() throws {
        let settings = try settings(
            "--kubeconfig=/a",
            "--proxy-mode=ipvs",
            "--iptables-sync-period=30s",
            "--logtostderr=true",
            "--log-dir=/a",
            "--alsologtostderr=false",
            "--logtostderr=false",
            "--healthz-port=80",
            "--pod-bridge-interface=br0"
        )
        #expect(
            settings.notices == [
                "--iptables-sync-period has no effect: \(InertReason.iptables)",
                "--log-dir has no effect: \(InertReason.log)",
                "--logtostderr has no effect: \(InertReason.log)",
                "--healthz-port is deprecated; use --healthz-bind-address",
                "the bridge of pods has no effect: the mode to detect local traffic is ClusterCIDR",
            ]
        )
    }

    /// As in kube-proxy, few flags count beside a file.
    @Test func flagsBesideAFile() throws {
        let folder = try Folder()
        let path = try folder.write(
            "a.conf",
            "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n"
                + "hostnameOverride: b\nipvs: {scheduler: lc}\nportRange: 1-2\nlogging: {verbosity: 1}\n"
        )
        let settings = try settings(
            "--config",
            path,
            "--scheduler=sh",
            "--kubeconfig=/a",
            "--master=https://b",
            "--node-name=C",
            "-v6",
            "--profiling",
            "--bind-interface=dummy7"
        )
        #expect(
            settings.configuration.ipvs.scheduler == "lc" && settings.node.name == "c" && settings.logLevel == .trace
        )
        #expect(settings.origin == .server(kubeconfig: nil, master: "https://b"))
        #expect(settings.bindInterface == "dummy7")
        #expect(
            settings.notices == [
                "\(path): portRange has no effect: \(InertReason.userspace)",
                "--scheduler is ignored: --config replaces it", "--kubeconfig is ignored: --config replaces it",
                "--profiling has no effect: \(InertReason.profiling)",
            ]
        )
    }

    /// The names that the parser knows as switches and as options of the file.
    @Test func names() throws {
        let help = IPVSProxyCommand._dumpHelp()
        for name in Options.namesInFile.union(FlagWords.switches) { #expect(help.contains("\"\(name)\""), "\(name)") }
        for flag in InertFlag.all { #expect(!help.contains("\"name\" : \"\(flag.name)\""), "\(flag.name)") }
    }

    @Test func writing() throws {
        let folder = try Folder()
        let settings = try settings("--write-config-to", folder["a.yaml"], "--ipvs-scheduler=mh", "--udp-timeout=2s")
        try settings.configuration.write(to: folder["a.yaml"])
        let read = try KubeProxyConfiguration(file: folder["a.yaml"])
        #expect(
            read == settings.configuration && read.ipvs.scheduler == "mh" && read.udpIdleTimeout.duration == .seconds(2)
        )
    }
}
