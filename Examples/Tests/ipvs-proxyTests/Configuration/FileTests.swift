import ArgumentParser
import Common
import IPVS
import IPVSNode
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// Configuration files.
@Suite struct ConfigurationFiles {
    private static let head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"

    private func read(_ text: String) throws -> KubeProxyConfiguration {
        try KubeProxyConfiguration(text: Self.head + text, file: "config.conf")
    }

    /// The lines of the errors of a text behind two lines of head.
    private func errors(_ text: String) -> [String] {
        let errors = #expect(throws: FileErrors.self) { try read(text) }
        return errors?.description.split(separator: "\n").map(String.init) ?? []
    }

    @Test(arguments: ["kubeadm-1.13", "kubeadm-1.20", "kubeadm-1.34"])
    func ofKubeadm(name: String) throws {
        let text = try Sample.fixture("KubeProxy/\(name).yaml")
        let configuration = try KubeProxyConfiguration(text: text, file: name)
        var expected = KubeProxyConfiguration()
        expected.clientConnection.kubeconfig = "/var/lib/kube-proxy/kubeconfig.conf"
        expected.clusterCIDR.blocks = [try IPAddress.Block(argument: "10.244.0.0/16")]
        #expect(configuration == expected)
        #expect(InertReason.notices(configuration).isEmpty)
    }

    /// The command line of kubeadm's DaemonSet.
    @Test(arguments: ["kubeadm-1.13", "kubeadm-1.20", "kubeadm-1.34"])
    func withTheCommandLineOfKubeadm(name: String) throws {
        let folder = try Folder()
        let path = try folder.write("config.conf", Sample.fixture("KubeProxy/\(name).yaml"))
        let settings = try Settings(["--config=\(path)", "--hostname-override=Node-A"], environment: [:])
        #expect(settings.action == .run && settings.node.name == "node-a")
        #expect(settings.origin == .server(kubeconfig: "/var/lib/kube-proxy/kubeconfig.conf", master: nil))
        #expect(settings.notices == ["no mode is set, which is iptables in kube-proxy; this program always uses IPVS"])
        let proxier = settings.proxier()
        #expect(proxier.minSyncPeriod == .zero && proxier.syncPeriod == .seconds(30))
        #expect(proxier.packetRules.pods == .sources([try IPAddress.Block(argument: "10.244.0.0/16")]))
        let established = proxier.sysctls.first { $0.name.hasSuffix("timeout_established") }
        #expect(established?.value == 86_400)
        #expect(settings.configuration.healthzBindAddress.endpoint?.description == "0.0.0.0:10256")
        #expect(settings.configuration.metricsBindAddress.endpoint?.description == "127.0.0.1:10249")
    }

    @Test func jsonAndIPv6() throws {
        let text = """
            {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "ipvs",
             "bindAddress": "::", "featureGates": {"A": true}, "nodePortAddresses": ["primary", "192.0.2.0/24"]}
            """
        let configuration = try KubeProxyConfiguration(text: text, file: "a.json")
        #expect(configuration.mode == "ipvs" && configuration.featureGates == ["A": true])
        #expect(configuration.healthzBindAddress.endpoint?.description == "[::]:10256")
        #expect(configuration.metricsBindAddress.endpoint?.description == "[::1]:10249")
        #expect(configuration.nodePortAddresses.first == .primary && configuration.nodePortAddresses.count == 2)
        #expect(InertReason.notices(configuration).map { $0.prefix(12) } == ["featureGates"])
    }

    @Test func everyError() {
        let lines = errors(
            """
            bindAddress: localhost
            clusterCIDR: 10.244.0.0/33
            conntrack: {maxPerCore: -1, tcpCloseWaitTimeout: 1.5s}
            enableProfiling: "true"
            healthzBindAddress: "10256"
            ipvs:
              scheduller: rr
              syncPeriod: 30
              strictARP: 1
              excludeCIDRs: 10.0.0.0/8
            mode: iptables
            nodePortAddresses: [eth0]
            oomScoreAdj: -1001
            unknown: 1
            detectLocalMode: BridgeInterface
            """
        )
        let expected = [
            "3: bindAddress: must be an IP address, not localhost",
            "4: clusterCIDR: \"33\" is not the length of a prefix",
            "5: conntrack.maxPerCore: must be a whole number from 0 to 2147483647, not -1",
            "5: conntrack.tcpCloseWaitTimeout: must be a whole number of seconds, not 1.5s",
            "6: enableProfiling: must be true or false, not \"true\"",
            "7: healthzBindAddress: must be none, or an address with or without a port",
            "9: ipvs.scheduller: there is no such field; did you mean scheduler?",
            "10: ipvs.syncPeriod: must be a text, not 30", "11: ipvs.strictARP: must be true or false, not 1",
            "12: ipvs.excludeCIDRs: must be a list, not 10.0.0.0/8",
            "13: mode: this program has no mode iptables", "14: nodePortAddresses[0]: \"eth0\" is not an IP address",
            "15: oomScoreAdj: must be a whole number from -1000 to 1000, not -1001",
            "16: unknown: there is no such field", "17: detectLocalMode: BridgeInterface requires",
        ]
        #expect(lines.count == expected.count, "\(lines)")
        for (line, beginning) in zip(lines, expected) { #expect(line.hasPrefix("config.conf:\(beginning)"), "\(line)") }
    }

    @Test func documents() {
        for (text, sentence) in [
            ("", "a.conf: is empty"), ("# nothing\n", "a.conf: is empty"), ("[]", "a.conf:1: must be an object"),
            ("kind: KubeProxyConfiguration", "a.conf:1: apiVersion: is missing"),
            (
                "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: Pod",
                "a.conf:2: kind: must be KubeProxyConfiguration"
            ),
            (Self.head + "mode: ipvs\nmode: ipvs", "mode: is there twice"),
            (Self.head + "---\n" + Self.head, "has only one document"),
            ("{\"kind\": ", "a.conf:1: can't be read as JSON"),
        ] {
            let errors = #expect(throws: FileErrors.self) { try KubeProxyConfiguration(text: text, file: "a.conf") }
            #expect(errors?.description.contains(sentence) == true, "\(text): \(errors?.description ?? "")")
        }
        #expect(
            errors("ipvs: {syncPeriod: 1s, minSyncPeriod: 2s}").first?.hasPrefix("config.conf:3: ipvs.syncPeriod: ")
                == true
        )
    }

    /// What is written is read as the same.
    @Test func roundTrip() throws {
        var configuration = try KubeProxyConfiguration(
            text: Self.head + """
                bindAddress: 192.0.2.1
                bindAddressHardFail: true
                clientConnection: {acceptContentTypes: a, burst: 3, contentType: b, kubeconfig: "true", qps: 2.5}
                clusterCIDR: 10.0.0.0/8,fd00::/8
                configSyncPeriod: 1m
                conntrack: {maxPerCore: 0, min: 5, tcpBeLiberal: true, tcpCloseWaitTimeout: 5s, tcpEstablishedTimeout: 0s,
                  udpStreamTimeout: 3m, udpTimeout: 1h1m1s}
                detectLocal: {bridgeInterface: br0, interfaceNamePrefix: veth}
                detectLocalMode: NodeCIDR
                enableProfiling: true
                featureGates: {A: true, B: false}
                healthzBindAddress: 127.0.0.1:0
                hostnameOverride: "1.20"
                iptables: {localhostNodePorts: false, masqueradeAll: true, masqueradeBit: 0, minSyncPeriod: 1.5s,
                  syncPeriod: 250ms, snatNodeInternalIP: true}
                ipvs: {excludeCIDRs: [192.0.2.0/24], minSyncPeriod: 1us, scheduler: mh, strictARP: true, syncPeriod: 1m,
                  tcpFinTimeout: 1s, tcpTimeout: 2s, udpTimeout: 3s}
                logging: {flushFrequency: 1000000000, format: json, verbosity: 4, vmodule: [{filePattern: a, verbosity: 2}]}
                metricsBindAddress: "::1"
                mode: ipvs
                nftables: {masqueradeAll: true, masqueradeBit: 3, minSyncPeriod: 2s, syncPeriod: 40s}
                nodePortAddresses: [primary, localhost, all, 198.51.100.0/24]
                oomScoreAdj: 0
                portRange: 1-2
                showHiddenMetricsForVersion: "1.20"
                udpIdleTimeout: 1s
                windowsRunAsService: true
                winkernel: {enableDSR: true, forwardHealthCheckVip: true, networkName: a, rootHnsEndpointName: b, sourceVip: c}
                """,
            file: "a.yaml"
        )
        #expect(InertReason.notices(configuration).count == 19)
        #expect(configuration.metricsBindAddress.endpoint?.description == "[::1]:10249")
        #expect(try KubeProxyConfiguration(text: configuration.yaml(), file: "b.yaml") == configuration)
        configuration = KubeProxyConfiguration()
        #expect(try KubeProxyConfiguration(text: configuration.yaml(), file: "b.yaml") == configuration)
        let page = try configuration.configz()
        #expect(page.hasPrefix(#"{"kubeproxy.config.k8s.io":{"apiVersion":"kubeproxy.config.k8s.io/v1alpha1","#))
        #expect(page.contains(#""tcpEstablishedTimeout":"24h0m0s""#) && page.contains(#""clusterCIDR":"""#))
    }

    @Test(arguments: [
        (Duration.zero, "0s"), (.milliseconds(250), "250ms"), (.microseconds(1), "1µs"), (.nanoseconds(1_500), "1.5µs"),
        (.milliseconds(1_500), "1.5s"), (.seconds(60), "1m0s"), (.seconds(86_400), "24h0m0s"), (.nanoseconds(7), "7ns"),
        (.milliseconds(3_661_050), "1h1m1.05s"),
    ])
    func durations(duration: Duration, text: String) {
        #expect(duration.goText == text && Duration(goText: text) == duration)
    }

    /// Texts that YAML or its readers could take for something else.
    @Test(arguments: [
        "0x1p3", "tRue", "-inf", "+.5", "+nan", "0x1.8", "0X1", "null", "~", "1_000", "1:30", "<<", "a: b", "#",
        "é\u{1}", "off", "-", "a b", "1e3", "10.5", "/etc/a", "5m", "1.2.3.4",
    ])
    func textsComeBack(text: String) throws {
        var configuration = KubeProxyConfiguration()
        configuration.portRange = text
        configuration.clientConnection.kubeconfig = text
        configuration.detectLocal.bridgeInterface = "0x1.8"
        configuration.ipvs.scheduler = "0X1"
        configuration.featureGates = [text: true]
        let written = try configuration.yaml()
        #expect(try KubeProxyConfiguration(text: written, file: "b.yaml") == configuration, "\(written)")
    }

    @Test func onlyOddTextsAreQuoted() throws {
        let written = try KubeProxyConfiguration().yaml()
        for line in ["bindAddress: 0.0.0.0", "configSyncPeriod: 15m0s", "portRange: \"\"", "  scheduler: rr"] {
            #expect(written.contains("\(line)\n"), "\(written)")
        }
    }

    @Test(arguments: [12_345_678.12345678, 0.30000000000000004, 5, 1e300, .leastNonzeroMagnitude, -2.5])
    func numbersKeepTheirDigits(number: Double) throws {
        var configuration = KubeProxyConfiguration()
        configuration.clientConnection.qps = number
        let written = try configuration.yaml()
        #expect(try KubeProxyConfiguration(text: written, file: "b.yaml") == configuration, "\(written)")
    }

    @Test func nanosecondsHaveLimits() throws {
        let reason = "must be a whole number from 0 to 3153600000000000000, not"
        for number in ["-5", "9223372036854775807", "3153600000000000001", "99999999999999999999", "+5"] {
            let lines = errors("logging: {flushFrequency: \(number)}")
            #expect(lines == ["config.conf:3: logging.flushFrequency: \(reason) \(number)"])
        }
        let longest = try read("logging: {flushFrequency: 3153600000000000000}")
        #expect(try KubeProxyConfiguration(text: longest.yaml(), file: "b.yaml") == longest)
    }

    @Test func namesOfFeatureGatesAreTexts() {
        #expect(
            errors("featureGates: {? [a] : true}") == [
                "config.conf:3: featureGates.?: the name of a field must be a text"
            ]
        )
    }

    /// With the sign for micro, and with the Greek letter.
    @Test(arguments: ["5\u{b5}s", "5\u{3bc}s", "5us"]) func microseconds(text: String) {
        #expect(Duration(goText: text) == .microseconds(5))
    }
}
