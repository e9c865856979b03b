import Foundation
import IPVS
import IPVSNode
import IPVSProxyTestSamples
import IPVSTestKernel
import Testing

@testable import IPVSProxy

extension ProxyKernelTests {
    /// Two proxiers with one interface.
    @Suite struct ProxierLocks {
        let node: TestNode
        let web = service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)]))
        let api = service("api", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 2)]))

        init() throws { node = try TestNode() }

        private func proxier(
            interface: String = AddressBinder.defaultInterface,
            timeout: Duration = .zero,
            serving service: ServiceDefinition
        ) async throws -> Proxier {
            let proxier = try node.proxier {
                $0.interface = interface
                $0.lockTimeout = timeout
                $0.minSyncPeriod = .milliseconds(10)
            }
            await proxier.tell([service], [])
            return proxier
        }

        private func expectInUse(_ body: () async throws -> Void) async {
            let error = await #expect(throws: AddressError.self) { try await body() }
            #expect(error?.code == .inUse)
            let sentence = "can't use the interface kube-ipvs0: another proxier is using it: process \(getpid()) ("
            #expect(error?.description.hasPrefix(sentence) == true)
        }

        @Test("The second one refuses to run, and changes nothing, until the first one has ended")
        func running() async throws {
            let (first, second) = (try await proxier(serving: web), try await proxier(serving: api))
            let run = Task { try await first.run() }
            try await trying { try node.namespace.saved() == ["-A -t 10.96.0.1:80 -s rr"] }
            await expectInUse { try await second.run() }
            await expectInUse { try await second.sync() }
            await expectInUse { try await second.cleanup() }
            await expectInUse { try await second.lockInterface() }
            #expect(try node.namespace.saved() == ["-A -t 10.96.0.1:80 -s rr"])
            #expect(try node.addresses() == ["10.96.0.1/32"])
            // A dry run reads only.
            #expect(try await second.plan()?.isEmpty == false)
            // The first one itself may do more than run.
            try await first.sync()
            run.cancel()
            try await run.value
            try await second.sync()
            #expect(try node.namespace.saved() == ["-A -t 10.96.0.2:80 -s rr"])
        }

        @Test("A single sync and a clean-up wait for the first one")
        func waiting() async throws {
            let first = try await proxier(serving: web)
            let second = try await proxier(timeout: .seconds(60), serving: api)
            try await first.lockInterface()
            try await first.sync()
            let cleanup = Task { try await second.cleanup() }
            let sync = Task { try await second.sync() }
            #expect(try node.namespace.saved() == ["-A -t 10.96.0.1:80 -s rr"])
            let run = Task { try await first.run() }
            run.cancel()
            try await run.value
            #expect(try node.namespace.saved() == ["-A -t 10.96.0.1:80 -s rr"])
            await first.node.release()
            #expect(try await cleanup.value.failures.isEmpty)
            #expect(try await sync.value?.failures.isEmpty == true)
        }

        @Test("A lock ends with its proxier")
        func deallocation() async throws {
            var first: Proxier? = try await proxier(serving: web)
            let second = try await proxier(serving: api)
            try await first?.lockInterface()
            await expectInUse { try await second.sync() }
            first = nil
            try await trying { (try? await second.sync()) != nil }
        }

        @Test("Proxiers with other interfaces, or of other nodes, are independent")
        func independence() async throws {
            let first = try await proxier(serving: web)
            try await first.lockInterface()
            let other = try await proxier(interface: "lb0", serving: api)
            #expect(try await other.sync()?.isComplete == true)
            let elsewhere = try TestNode()
            #expect(try await elsewhere.proxier().cleanup().failures.isEmpty)
        }

        @Test("An unprivileged process that has the lock's address stops no proxier")
        func unprivileged() async throws {
            let address = "swift-ipvs/proxier/kube-ipvs0"
            let squatter = try AddressHolder(address, user: 65_534, namespace: node.namespace.path)
            let proxier = try await proxier(serving: web)
            #expect(try await proxier.sync()?.isComplete == true)
            #expect(await proxier.lockObstacle?.hasPrefix("process \(squatter.pid) (perl)") == true)
        }
    }
}
