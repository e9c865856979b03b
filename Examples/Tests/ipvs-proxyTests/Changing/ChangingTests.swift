import Foundation
import IPVSTestKernel
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
            let finds = command.contains(/^ipvsctl diff/)
            let isLook = command.contains(/^(ipvsctl -L|journalctl )/)
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

        private static let ipvsadm = "From ipvsadm"

        @Test func fromIPVSAdm() throws {
            try follow(Self.ipvsadm, address: 0xc000_0250, port: 80, after: "\(Self.balancer)systemctl start ipvsadm")
        }

        @Test func fromKeepalived() throws {
            let start = """
                \(Self.balancer)systemctl start keepalived
                until ipvsadm -Sn | grep --quiet .; do sleep 1; done
                """
            try follow("From keepalived", address: 0xc000_0250, port: 80, after: start)
            _ = try node.run("systemctl stop keepalived")
        }

        /// What makes the node a balancer without kube-proxy.
        private static let balancer = """
            sysctl --quiet net.ipv4.ip_forward=1
            ip address add 192.0.2.80/32 dev eth0

            """
    }
}
