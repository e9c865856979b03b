import Foundation
import IPVSTestKernel
import KubernetesTestServer
import Testing

extension ProxyKernelTests {
    /// A reader follows the page `Changing.md`: runs its commands, and looks at what they print.
    @Suite(.enabled(if: Kernel.isDisposable, "it writes into /etc and /usr; Tests/run does this in a virtual machine"))
    struct Changing {
        private let page: ChangingPage
        private let node: ChangingNode

        init() throws { (page, node) = (try ChangingPage(), try ChangingNode()) }

        /// Follows a section, with a connection of a client outside to the node that is open all the time.
        ///
        /// - Parameters:
        ///   - title: The heading of the section.
        ///   - address: The address that the client connects to; by default the node's own.
        ///   - port: The port.
        ///   - beginning: A command that comes before the first one of the page: what is there when a reader begins.
        /// - Throws: An error if the section or a file is not there, or if the client is refused.
        private func follow(
            _ title: String,
            address: UInt32 = 0xc000_0201,
            port: UInt16,
            after beginning: String = "true"
        ) throws {
            let steps = try #require(page.sections.first { $0.title == title }).steps
            var connection: TestConnection?
            for step in steps {
                switch step {
                case .file(let path, let text): try node.write(path, text)
                case .command(let command, let shown, let line):
                    if connection == nil {
                        try check(beginning, ["…"], 0)
                        connection = try node.connect(to: address, port: port)
                    }
                    try check(command, shown, line)
                    #expect(connection?.isAlive() == true, "the open connection broke: line \(line): \(command)")
                    let isNewServed = try node.connect(to: address, port: port).isAlive()
                    #expect(isNewServed, "a new connection is not served: line \(line): \(command)")
                }
            }
        }

        /// Runs a command, and if its output is not what the page shows, looks again for a while.
        private func check(_ command: String, _ shown: [Substring], _ line: Int) throws {
            let finds = command.contains(/^(ipvsctl diff|ipvs-proxy .*--dry-run)/)
            let isLook = command.contains(/^(curl|ipvsctl -L|iptables-save|journalctl|kubectl .*(get|logs|wait) )/)
            let deadline = ContinuousClock.now + .seconds(isLook ? 90 : 0)
            while true {
                let (status, output) = try node.run(command)
                let isFine = status == 0 || finds && status == 1
                if isFine && ChangingPage.shows(shown[...], output[...]) { return }
                guard ContinuousClock.now > deadline else { usleep(500_000); continue }
                Issue.record("line \(line): \(command)\nstatus \(status)\n\(output.joined(separator: "\n"))")
                return
            }
        }

        private static let kubeadm = "From kube-proxy, in a cluster of kubeadm"
        private static let systemd = "From kube-proxy, as a service of systemd"
        private static let ipvsadm = "From ipvsadm"
        private static let keepalived = "From keepalived"

        @Test func everyCommandIsRun() {
            #expect(page.sections.map(\.title) == [Self.kubeadm, Self.systemd, Self.ipvsadm, Self.keepalived])
        }

        @Test(.needsPacketRules) func fromKubeProxyInACluster() async throws {
            let (server, kubelet) = try await node.cluster()
            defer { kubelet.end() }
            try follow(Self.kubeadm, port: 30080, after: Self.kubeProxyRuns)
            withExtendedLifetime(server) {}
        }

        @Test(.needsPacketRules) func fromKubeProxyAsAService() async throws {
            let (server, kubelet) = try await node.cluster()
            // It leaves the files of kube-proxy's ConfigMap.
            try await server.wait(for: "kube-proxy") { !$0.objects(of: .pods).isEmpty }
            kubelet.end()
            try node.write(
                "/etc/systemd/system/kube-proxy.service",
                """
                [Service]
                ExecStart=kube-proxy
                [Install]
                WantedBy=multi-user.target
                """
            )
            try follow(Self.systemd, port: 30080, after: "systemctl start kube-proxy; \(Self.kubeProxyRuns)")
            for unit in ["ipvs-proxy", "kube-proxy"] { _ = try node.run("systemctl stop \(unit)") }
            withExtendedLifetime(server) {}
        }

        @Test func fromIPVSAdm() throws {
            try follow(Self.ipvsadm, address: 0xc000_0250, port: 80, after: "\(Self.balancer)systemctl start ipvsadm")
        }

        @Test func fromKeepalived() throws {
            let start = """
                \(Self.balancer)systemctl start keepalived
                until ipvsadm -Sn | grep --quiet .; do sleep 1; done
                """
            try follow(Self.keepalived, address: 0xc000_0250, port: 80, after: start)
            _ = try node.run("systemctl stop keepalived")
        }

        /// Waits for the stand-in of kube-proxy.
        private static let kubeProxyRuns = "until curl --silent http://127.0.0.1:10249/proxyMode; do sleep 1; done"

        /// What makes the node a balancer without kube-proxy.
        private static let balancer = """
            sysctl --quiet net.ipv4.ip_forward=1
            ip address add 192.0.2.80/32 dev eth0

            """
    }
}
