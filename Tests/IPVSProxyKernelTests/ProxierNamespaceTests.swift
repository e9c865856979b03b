import Foundation
import IPVS
import IPVSProxy
import IPVSProxyTestKernel
import IPVSProxyTestSamples
import IPVSTestKernel
import Testing

@testable import IPVSNode

extension ProxyKernelTests {
    @Suite struct ProxierNamespaces {
        /// Settings are those of the namespace that the proxier was created in, whichever namespace a thread is in.
        @Test func ofAProxierInTheCallersNamespace() async throws {
            let node = try TestNode()
            let setting = Sysctl("net.ipv4.conf.all.arp_ignore", 1)
            let (before, here) = (try node.setting(setting.name), try Sysctls().value(of: setting.name))
            let descriptor = node.namespace.descriptor
            let proxier = try onThread {
                try #require(enterNamespace(descriptor) == 0)
                var configuration = Proxier.Configuration()
                configuration.sysctls = [setting]
                return try Proxier(configuration, logger: .silent)
            }
            await proxier.tell([service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)]))])
            #expect(try await proxier.syncWell().settings?.changes.count == 1)
            #expect(try node.setting(setting.name) == "1" && node.addresses() == ["10.96.0.1/32"])
            #expect(try Sysctls().value(of: setting.name) == here)
            #expect(try await proxier.cleanup().settings.changes.count == 1)
            #expect(try node.setting(setting.name) == before)
        }

        /// A proxier ends if its node has lost its name to another one, which its own sockets don't reach.
        @Test func ofANodeWhoseNameIsAnothers() async throws {
            let (node, other) = (try TestNode(), try TestNamespace())
            let link = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            defer { _ = unlink(link.path()) }
            try #require(symlink(node.namespace.path, link.path()) == 0)
            var configuration = Proxier.Configuration()
            configuration.namespace = .path(link.path())
            configuration.minSyncPeriod = .zero
            configuration.syncPeriod = .nanoseconds(1)
            let proxier = try Proxier(configuration, logger: .silent)
            await proxier.tell([service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)]))])
            try await proxier.syncWell()
            // It doesn't matter if nothing has the name for a while.
            unlink(link.path())
            try await proxier.syncWell()
            try #require(symlink(other.path, link.path()) == 0)
            let error = await #expect(throws: AddressError.self) { try await proxier.sync() }
            #expect(error?.code == .namespaceNotFound)
            #expect(error?.description.contains("is another network namespace than it was at the start") == true)
            #expect(try other.saved().isEmpty)
        }
    }
}
