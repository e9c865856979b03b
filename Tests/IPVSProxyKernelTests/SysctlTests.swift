import Foundation
import IPVS
import IPVSProxy
import Testing

@testable import IPVSNode

extension ProxyKernelTests {
    @Suite struct Settings {
        private func read(_ namespace: TestNamespace, _ name: String) throws -> String {
            try namespace.run("sysctl", "-n", name).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        @Test func setAndRestored() throws {
            let (namespace, other) = (try TestNamespace(), try TestNamespace())
            // Opening a handle sees to it that IPVS is there.
            let handle = try namespace.open()
            defer { handle.close() }
            let settings = Sysctl.ipvsMode(on: KernelVersion(5, 0), forwardingIPv6: true, strictARP: true)
            let before = try settings.map { try read(namespace, $0.name) }
            let sysctls = Sysctls(namespace: .path(namespace.path))
            let outcome = sysctls.ensure(settings)
            #expect(outcome.missing.isEmpty)
            #expect(outcome.failures.isEmpty)
            #expect(try settings.map { try read(namespace, $0.name) } == settings.map { "\($0.value)" })
            #expect(
                outcome.changes.map { "\($0.before)" } == zip(settings, before).filter { "\($0.value)" != $1 }.map(\.1)
            )
            #expect(!outcome.changes.isEmpty)
            // Another namespace has its own.
            #expect(try read(other, "net.ipv4.conf.all.arp_announce") == "0")
            #expect(sysctls.ensure(settings).changes.isEmpty)
            try namespace.run("sysctl", "-w", "net.ipv4.conf.all.arp_ignore=2")
            #expect(sysctls.restore(outcome.changes).failures.isEmpty)
            let after = try settings.map { try read(namespace, $0.name) }
            let index = try #require(settings.firstIndex { $0.name == "net.ipv4.conf.all.arp_ignore" })
            #expect(after[index] == "2")
            for place in settings.indices where place != index { #expect(after[place] == before[place]) }
        }

        @Test func ofTheCallersNamespace() throws {
            let namespace = try TestNamespace()
            let descriptor = namespace.descriptor
            let changes = try onThread {
                try #require(enterNamespace(descriptor) == 0)
                return Sysctls().ensure([Sysctl("net.ipv4.conf.all.arp_ignore", 1)]).changes
            }
            #expect(changes.count == 1)
            #expect(try read(namespace, "net.ipv4.conf.all.arp_ignore") == "1")
        }

        /// They are those of the namespace that the proxier was made in, wherever threads are that use it.
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

        /// The name of a namespace can become another one's: what was opened stays what it was.
        @Test func ofANamespaceWhoseNameIsGone() throws {
            let namespace = try TestNamespace()
            let link = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            try FileManager.default.createSymbolicLink(atPath: link.path(), withDestinationPath: namespace.path)
            let sysctls = Sysctls(namespace: .path(link.path()))
            try FileManager.default.removeItem(at: link)
            #expect(sysctls.ensure([Sysctl("net.ipv4.conf.all.arp_ignore", 1)]).changes.count == 1)
            #expect(try read(namespace, "net.ipv4.conf.all.arp_ignore") == "1")
        }

        /// A proxier does not go on at a node that has lost its name to another one, which its own sockets do not reach.
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
            // That nothing has the name for a while does not matter.
            unlink(link.path())
            try await proxier.syncWell()
            try #require(symlink(other.path, link.path()) == 0)
            let error = await #expect(throws: AddressError.self) { try await proxier.sync() }
            #expect(error?.code == .namespaceNotFound)
            #expect(error?.description.contains("is another network namespace than it was at the start") == true)
            #expect(try other.saved().isEmpty)
        }

        @Test func missing() throws {
            let namespace = try TestNamespace()
            let sysctls = Sysctls(namespace: .path(namespace.path))
            let outcome = sysctls.ensure([Sysctl("net.ipv4.nosuch", 1), Sysctl("net.ipv4.conf.all.arp_ignore", 1)])
            #expect(outcome.missing == ["net.ipv4.nosuch"])
            #expect(outcome.changes.count == 1)
            #expect(try sysctls.value(of: "net.ipv4.nosuch") == nil)
        }

        @Test func refused() throws {
            let namespace = try TestNamespace()
            let sysctls = Sysctls(namespace: .path(namespace.path))
            let invalid = sysctls.ensure([
                Sysctl("net.ipv4.conf.all.forwarding", 1), Sysctl("net.ipv4.ip_default_ttl", 0),
            ])
            #expect(invalid.changes.count == 1)
            #expect(invalid.failures.map(\.description) == ["can't write net.ipv4.ip_default_ttl: Invalid argument"])
            let descriptor = namespace.descriptor
            let failures = try onThread {
                try #require(enterNamespace(descriptor) == 0 && dropCapabilities() == 0)
                return Sysctls(namespace: .path("/proc/1/ns/net")).ensure([Sysctl("net.ipv4.ip_forward", 1)]).failures
            }
            #expect(failures.first?.description.contains("not permitted") == true, "\(failures)")
        }
    }
}
