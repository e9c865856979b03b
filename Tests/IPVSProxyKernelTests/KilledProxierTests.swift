import CIPVS
import Foundation
import IPVSProxyTestKernel
import IPVSProxyTestSamples
import IPVSTestKernel
import Metrics
import Testing

@testable import IPVS
@testable import IPVSNode
@testable import IPVSProxy
@testable import Netlink

extension ProxyKernelTests {
    /// A proxier whose process is killed at any moment of a sync, and the next one's work on what it left.
    @Suite struct KilledProxiers {
        private static let variable = "IPVS_PROXY_NAMESPACE"
        private static let callVariable = "IPVS_PROXY_CALLS"

        /// The objects reported in a round: two of three services, with other endpoints and some other ports than in
        /// the round before.
        private static func objects(_ round: Int) -> ([ServiceDefinition], [EndpointSlice]) {
            let numbers = (0..<60).filter { ($0 + round) % 3 != 0 }
            let services = numbers.map { number in
                let port = ServicePort(
                    number % 10 == 0 ? .udp : .tcp,
                    number % 5 == 0 ? UInt16(80 + round % 2) : 80,
                    clusterIPs: [IPAddress(ipv4: 0x0a60_0001 + UInt32(number)), address("fd00::\(1 + number)")],
                    sessionAffinity: (number + round) % 7 == 0 ? .clientIP : .none
                )
                return service("web-\(number)", port)
            }
            let slices = numbers.map { number in
                slice("web-\(number)", "10.244.1.1:80", "10.244.1.\(2 + (number + round) % 3):80", "[fd01::1]:80")
            }
            return (services, slices)
        }

        private static func configuration(_ path: String) -> Proxier.Configuration {
            var configuration = Proxier.Configuration()
            configuration.namespace = .path(path)
            configuration.sysctls = Sysctl.ipvsMode(forwardingIPv6: true, strictARP: true)
            return configuration
        }

        /// The process that the test below starts. It reports one round after the other to a proxier, until it is
        /// killed.
        @Test(.enabled(if: ProcessInfo.processInfo.environment[variable] != nil, "a part of the next test"))
        func worker() async throws {
            let environment = ProcessInfo.processInfo.environment
            let path = try #require(environment[Self.variable])
            let place = NetworkNamespace.path(path)
            let held = try HeldNamespace(path: path)
            let fate = Fate(callsLeft: try #require(environment[Self.callVariable].flatMap { Int($0) }))
            let kernel = NodeSync.Kernel(
                table: try Handle(channel: FatalSocket(try NetlinkSocket(in: held, protocol: NETLINK_GENERIC), fate)),
                binder: try AddressBinder(
                    channel: FatalSocket(try NetlinkSocket(in: held, protocol: NETLINK_ROUTE), fate)
                ),
                sysctls: Sysctls(files: FatalFiles(files: KernelSysctlFiles(namespace: place), fate: fate))
            )
            let configuration = Self.configuration(path)
            let proxier = Proxier(configuration, kernel, logger: .silent, metrics: NOOPMetricsHandler.instance) { .now }
            var (services, slices) = Self.objects(0)
            await proxier.tell(services, slices)
            for round in 1...Int.max {
                try await proxier.sync()
                let (nextServices, nextSlices) = Self.objects(round)
                let names = Set(nextServices.map(\.name))
                for service in services where !names.contains(service.name) { await proxier.onServiceDelete(service) }
                for slice in slices where !names.contains(slice.service) { await proxier.onEndpointSliceDelete(slice) }
                (services, slices) = (nextServices, nextSlices)
                await proxier.tell(services, slices)
            }
        }

        /// Runs a process that is killed at a call.
        private func runWorker(of node: TestNode, killedAt call: Int) throws {
            let process = Process()
            process.executableURL = URL(filePath: "/proc/self/exe")
            process.arguments = ["--testing-library", "swift-testing", "--filter", "KilledProxiers/worker"]
            let additions = [Self.variable: node.namespace.path, Self.callVariable: "\(call)"]
            process.environment = ProcessInfo.processInfo.environment.merging(additions) { $1 }
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL)
        }

        /// The table and addresses of a process that was never killed.
        private static func expectation(_ round: Int) -> (table: Table, addresses: Set<IPAddress>) {
            let mark = Ownership(interface: AddressBinder.defaultInterface).mark
            var state = DesiredState(node: NodeFacts(flags: mark))
            let (services, slices) = objects(round)
            for service in services { state.update(service) }
            for slice in slices { state.update(slice) }
            state.commit()
            return (state.table, Set(state.addresses))
        }

        @Test(.enabled(if: ProcessInfo.processInfo.environment[variable] == nil, "this is its part"))
        func theNextOneMakesItRight() async throws {
            let node = try TestNode()
            let binder = try AddressBinder(namespace: .path(node.namespace.path))
            let sysctls = Sysctls(namespace: .path(node.namespace.path))
            let settings = Self.configuration("").sysctls
            let values = try settings.map { try sysctls.value(of: $0.name) }
            // Others have a virtual server at a proxier's address, one elsewhere, and an address on its interface.
            let others = try Table([
                Table.Entry(VirtualServer(.tcp(IPAddress(10, 96, 0, 2), 9_999), scheduler: .roundRobin)),
                Table.Entry(VirtualServer(.firewallMark(7), scheduler: .weightedRoundRobin)),
            ])
            _ = try node.handle.apply(others)
            try binder.makeInterface()
            try node.namespace.run("ip", "addr", "add", "10.200.0.1/24", "dev", "kube-ipvs0")
            let expected = Self.expectation(1)
            var all = expected.table
            for service in others.entries { all.replace(service) }
            // The rounds that a worker may have reached when it is killed.
            let states = (0..<42).map { Self.expectation($0) }
            var interrupted = 0
            for round in 0..<Endurance.kills {
                let call = Int.random(in: 1...150)
                // Sometimes the proxier has nothing at the start.
                if round % 5 == 0 {
                    let cleaner = try node.proxier()
                    try await cleaner.cleanup()
                    #expect(try settings.map { try sysctls.value(of: $0.name) } == values)
                    #expect(try node.handle.table() == others)
                    #expect(try binder.addresses().isEmpty)
                }
                try runWorker(of: node, killedAt: call)
                let left = try node.handle.table()
                let bound = try binder.addresses()
                let isWhole = states.contains { state in
                    state.addresses == bound && state.table.count + others.count == left.count
                        && state.table.entries.allSatisfy { left[$0.server.id] == $0 }
                }
                if !isWhole { interrupted += 1 }

                let next = try Proxier(Self.configuration(node.namespace.path), logger: .silent)
                let (services, slices) = Self.objects(1)
                await next.tell(services, slices)
                #expect(try await next.syncWell().draining == 0)
                #expect(try node.handle.table() == all, "killed at call \(call)")
                #expect(try binder.addresses() == expected.addresses, "killed at call \(call)")
                #expect(try settings.map { try sysctls.value(of: $0.name) } == settings.map(\.value))
            }
            print("\(interrupted) of \(Endurance.kills) proxiers were killed in the middle of a sync")
            #expect(interrupted > 0)
            try await node.proxier().cleanup()
            #expect(try node.handle.table() == others)
            #expect(try node.addresses() == ["10.200.0.1/24"])
            #expect(try settings.map { try sysctls.value(of: $0.name) } == values)
        }
    }
}
