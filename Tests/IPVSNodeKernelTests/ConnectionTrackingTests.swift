import Glibc
import IPVS
import IPVSTestKernel
import Testing

@testable import IPVSNode

extension NodeKernelTests {
    /// Deletes entries of tracked connections.
    @Suite(.enabled(if: ConntrackEntries.areAvailable, "this kernel has no ctnetlink"))
    struct TrackedConnections {
        let namespace: TestNamespace
        let entries: ConntrackEntries
        let tracking: ConnectionTracking
        let client = Endpoint(IPAddress(192, 0, 2, 7), 5_000)
        let service = Endpoint(IPAddress(10, 96, 0, 10), 53)
        let endpoint = Endpoint(IPAddress(10, 244, 0, 5), 5_353)
        let sixClient, sixService: Endpoint

        init() throws {
            namespace = try TestNamespace()
            entries = try ConntrackEntries(namespace)
            tracking = try ConnectionTracking(namespace: .path(namespace.path))
            sixClient = Endpoint(try #require(IPAddress("2001:db8::7")), 5_000)
            sixService = Endpoint(try #require(IPAddress("fd00:96::a")), 53)
        }

        @Test func onlyTheStaleOnes() throws {
            try entries.add(client, service)
            try entries.add(sixClient, sixService)
            try entries.add(Endpoint(client.address, 5_001), service, answeredBy: endpoint)
            try entries.add(client, Endpoint(service.address, 54))
            try entries.add(service, client.with(port: 9))
            #expect(try entries.contains(client, service) && entries.contains(sixClient, sixService))

            #expect(try tracking.deleteUntranslatedUDP(to: [service, sixService]) == 2)
            #expect(try !entries.contains(client, service))
            #expect(try !entries.contains(sixClient, sixService))
            #expect(try entries.contains(client.with(port: 5_001), service))
            #expect(try entries.contains(client, Endpoint(service.address, 54)))
            #expect(try entries.contains(service, client.with(port: 9)))
            #expect(try tracking.deleteUntranslatedUDP(to: [service, sixService]) == 0)
        }

        /// The same packets can have an entry in each zone.
        @Test func ofAZone() throws {
            do {
                try entries.add(client, service, zone: 7)
            } catch ConntrackEntries.Problem.withoutZones {
                try Test.cancel("this kernel has no zones for tracked connections")
            }
            #expect(try entries.contains(client, service, zone: 7))
            #expect(try !entries.contains(client, service))
            #expect(try tracking.deleteUntranslatedUDP(to: [service]) == 1)
            #expect(try !entries.contains(client, service, zone: 7))
        }

        /// Each namespace has its own entries.
        @Test func ofAnotherNamespace() throws {
            let other = try TestNamespace()
            try entries.add(client, service)
            let tracking = try ConnectionTracking(namespace: .path(other.path))
            #expect(try tracking.deleteUntranslatedUDP(to: [service]) == 0)
            #expect(try entries.contains(client, service))
            let error = #expect(throws: ConnectionTrackingError.self) {
                try ConnectionTracking(namespace: .named("swift-ipvs-nosuch"))
            }
            #expect(error?.code == .namespaceNotFound)
        }

        /// More than one part of a list, and more than one system call.
        @Test func thousandsOfEntries() throws {
            for number in 0..<3_000 { try entries.add(client.with(port: UInt16(10_000 + number)), service) }
            try entries.add(client, endpoint)
            #expect(try tracking.deleteUntranslatedUDP(to: [service, sixService]) == 3_000)
            #expect(try !entries.contains(client.with(port: 12_999), service))
            #expect(try entries.contains(client, endpoint))
        }

        @Test func withoutPrivilege() throws {
            try entries.add(client, service)
            let (descriptor, service) = (namespace.descriptor, service)
            let code = try onThread {
                try #require(enterNamespace(descriptor) == 0 && dropCapabilities() == 0)
                let tracking = try ConnectionTracking()
                let error = #expect(throws: ConnectionTrackingError.self) {
                    try tracking.deleteUntranslatedUDP(to: [service])
                }
                return error?.code
            }
            #expect(code == .permissionDenied)
            #expect(try entries.contains(client, service))
        }
    }
}

extension Endpoint {
    fileprivate func with(port: UInt16) -> Endpoint { Endpoint(address, port) }
}
