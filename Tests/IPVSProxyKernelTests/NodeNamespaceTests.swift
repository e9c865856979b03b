import Foundation
import IPVS
import IPVSProxyTestKernel
import IPVSTestKernel
import Synchronization
import Testing

@testable import IPVSNode
@testable import IPVSProxy

extension ProxyKernelTests {
    /// The name of a node's namespace is moved from one node to another.
    @Suite struct NodeNamespaces {
        private let nodes: [TestNode]
        private let link = "/tmp/swift-ipvs-node-\(UUID().uuidString)"

        init() throws {
            nodes = try [TestNode(), TestNode()]
            for (number, node) in nodes.enumerated() {
                try node.namespace.run("ip", "link", "add", "eth7", "type", "dummy")
                try node.namespace.run("ip", "addr", "add", "192.0.2.\(number)/24", "dev", "eth7")
                try node.namespace.ipvsadm("-A -f \(number + 1) -s rr")
                try node.namespace.run("sysctl", "-w", "net.ipv4.vs.conntrack=\(number)")
            }
        }

        /// Gives the name to a node, without a moment in which the name doesn't exist.
        private func giveName(to node: TestNode) throws {
            let next = "\(link)-next"
            try FileManager.default.createSymbolicLink(atPath: next, withDestinationPath: node.namespace.path)
            try #require(rename(next, link) == 0)
        }

        /// The node that each part of a proxier belongs to.
        private func parts(of kernel: NodeSync.Kernel) throws -> [Int] {
            let table = try kernel.table.compare(with: Table(), where: { _ in true }).obsolete
            let addresses = try kernel.binder.nodeAddresses()
            let setting = try kernel.sysctls.value(of: "net.ipv4.vs.conntrack")
            return [
                table[.firewallMark(2, .ipv4)] == nil ? 0 : 1, addresses.contains(IPAddress(192, 0, 2, 1)) ? 1 : 0,
                setting ?? -1,
            ]
        }

        /// A running proxier ends when another node has its name, and no longer changes either of them.
        @Test func aNameThatMovesLater() async throws {
            defer { unlink(link) }
            try giveName(to: nodes[0])
            var configuration = Proxier.Configuration()
            configuration.namespace = .path(link)
            (configuration.minSyncPeriod, configuration.syncPeriod) = (.milliseconds(10), .milliseconds(50))
            let proxier = try Proxier(configuration, logger: .silent)
            await proxier.tell([service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)]))])
            let run = Task { try await proxier.run() }
            try await trying { try nodes[0].namespace.saved().contains("-A -t 10.96.0.1:80 -s rr") }
            try giveName(to: nodes[1])
            let error = await #expect(throws: AddressError.self) { try await run.value }
            #expect(error?.code == .namespaceNotFound)
            #expect(try nodes[1].namespace.saved() == ["-A -f 2 -s rr"])
        }

        /// While a proxier is created, the name moves all the time: all parts of the proxier belong to the same node.
        @Test func aNameThatMovesMeanwhile() async throws {
            defer { unlink(link) }
            try giveName(to: nodes[0])
            let state = Mutex((isStopped: false, hasEnded: false))
            Thread.detachNewThread {
                var count = 0
                while !state.withLock({ $0.isStopped }) {
                    count += 1
                    try? giveName(to: nodes[count % 2])
                    usleep(50)
                }
                state.withLock { $0.hasEnded = true }
            }
            var configuration = Proxier.Configuration()
            configuration.namespace = .path(link)
            var mixed: [[Int]] = []
            for _ in 0..<60 {
                let kernel = await (try Proxier(configuration, logger: .silent)).node.kernel
                let parts = try parts(of: kernel)
                if Set(parts).count > 1 { mixed.append(parts) }
            }
            state.withLock { $0.isStopped = true }
            try eventually(every: 1_000) { state.withLock { $0.hasEnded } }
            #expect(mixed.isEmpty, "\(mixed.count) proxiers of parts of both nodes")
        }
    }
}
