import Glibc
import IPVS
import IPVSNode
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTesting
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@testable import IPVSProxy

@Suite("The loop of a proxier", .timeLimit(.minutes(15)))
struct LoopTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])

    private var configuration: Proxier.Configuration {
        var configuration = Harness.configuration
        configuration.minSyncPeriod = .milliseconds(1)
        configuration.drainInterval = .milliseconds(1)
        return configuration
    }

    @Test("Reported changes reach the kernel, until a graceful shutdown; the table is kept")
    func lifecycle() async throws {
        let harness = try Harness(configuration)
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await harness.proxier.run() }
                await harness.tellAllIsThere([.web(port)])
                await harness.wait { $0.services.count == 1 }
                await harness.tell([.endpoints([ServiceEndpoint("10.244.0.1:8080")])])
                await harness.wait { $0.services["TCP 10.96.0.1:80"] == ["10.244.0.1:8080 1"] }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
        #expect(harness.services.count == 1)
    }

    @Test("A loop that was cancelled can be run again")
    func again() async throws {
        let harness = try Harness(configuration)
        await harness.tellAllIsThere([.web(port)])
        for endpoint in ["10.244.0.1:8080", "10.244.0.2:8080"] {
            let loop = Task { try await harness.proxier.run() }
            await harness.tell([.endpoints([ServiceEndpoint(endpoint)])])
            await harness.wait { $0.services["TCP 10.96.0.1:80"]?.contains("\(endpoint) 1") == true }
            loop.cancel()
            try await loop.value
        }
    }

    @Test("Failures of a service or of a whole sync are retried without a request")
    func retries() async throws {
        let harness = try Harness(configuration)
        harness.kernel.inject(.errno(EIO), where: { $0 == .listVirtualServers })
        harness.kernel.refuse(EIO)
        let loop = Task { try await harness.proxier.run() }
        await harness.tellAllIsThere([.web(port)])
        await harness.wait { !$0.kernel.changes.isEmpty }
        #expect(harness.services.isEmpty)
        harness.kernel.removeFaults()
        await harness.wait { $0.services.count == 1 }
        loop.cancel()
        try await loop.value
    }

    /// An error that makes a sync break off, and will do so again until the administrator acts.
    enum Lasting: CaseIterable {
        case privilege, addressPrivilege, noDummy, foreignInterface
    }

    @Test("A permanent error ends the loop", arguments: Lasting.allCases)
    func lasting(cause: Lasting) async throws {
        let harness = try Harness(configuration)
        switch cause {
        case .noDummy: harness.node.change { $0.interfaces["kube-ipvs0"] = InMemoryNode.Interface(kind: "veth") }
        case .foreignInterface: harness.node.change { $0.interfaces["kube-ipvs0"] = .dummy(alias: "anycast") }
        case .addressPrivilege: harness.node.inject(.errno(EPERM), times: .max, where: \.isChange)
        case .privilege: harness.kernel.inject(.errno(EPERM))
        }
        await harness.tellAllIsThere([.web(port)])
        let loop = Task { try await harness.proxier.run() }
        // A loop that doesn't end by itself is cancelled.
        let watchdog = Task {
            try await Task.sleep(for: .seconds(3))
            loop.cancel()
        }
        let result = await loop.result
        watchdog.cancel()
        let error = #expect(throws: (any Error).self) { try result.get() }
        switch cause {
        case .privilege: #expect((error as? IPVSError)?.code == .permissionDenied)
        case .addressPrivilege: #expect((error as? AddressError)?.code == .permissionDenied)
        case .noDummy: #expect((error as? AddressError)?.code == .notADummy)
        case .foreignInterface: #expect((error as? AddressError)?.code == .notOwned)
        }
        #expect(harness.services.isEmpty)
    }

    @Test("Draining real servers are checked without a request")
    func drains() async throws {
        let harness = try Harness(configuration)
        let one = ServiceEndpoint("10.244.0.1:8080")
        let loop = Task { try await harness.proxier.run() }
        await harness.tellAllIsThere([.web(port), .endpoints([one])])
        await harness.wait { $0.services["TCP 10.96.0.1:80"] == ["10.244.0.1:8080 1"] }
        try harness.kernel.set(1, of: one, "TCP 10.96.0.1:80")
        await harness.tell([.endpoints([])])
        await harness.wait { $0.services["TCP 10.96.0.1:80"] == ["10.244.0.1:8080 0"] }
        try harness.kernel.set(0, of: one, "TCP 10.96.0.1:80")
        harness.advance(by: .seconds(1))
        await harness.wait { $0.services["TCP 10.96.0.1:80"] == [] }
        loop.cancel()
        try await loop.value
    }

    @Test("Syncs that are requested at the same time run one after the other")
    func turns() async throws {
        let harness = try Harness(configuration)
        await harness.tellAllIsThere([.web(port)])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let endpoint = ServiceEndpoint(Endpoint(IPAddress(10, 244, 0, UInt8(number)), 80))
                    let name = NamespacedName("default", "slice-\(number)")
                    await harness.proxier.onEndpointSliceAdd(
                        EndpointSlice(name, of: web, endpoints: ["http": [endpoint]])
                    )
                    try await harness.proxier.sync()
                    _ = try await harness.proxier.plan()
                }
            }
            try await group.waitForAll()
        }
        #expect(harness.services["TCP 10.96.0.1:80"]?.count == 50)
    }
}

extension Harness {
    /// Waits until a condition holds; if it never does, the suite's time limit ends the test.
    fileprivate func wait(until condition: (Harness) -> Bool) async {
        while !condition(self), !Task.isCancelled {
            // If the task is cancelled, the loop ends.
            try? await Task.sleep(for: .milliseconds(1))
        }
    }
}
