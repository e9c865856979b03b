import Foundation
import IPVS
import IPVSTestKernel
import Testing

@testable import IPVSNode

extension NodeKernelTests {
    @Suite struct Settings {
        private func read(_ namespace: TestNamespace, _ name: String) throws -> String {
            try namespace.run("sysctl", "-n", name).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        @Test func setAndRestored() throws {
            let (namespace, other) = (try TestNamespace(), try TestNamespace())
            // Opening a handle makes the kernel load IPVS.
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
            // Another namespace has its own value.
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

        /// A namespace's name can be given to another one: what was opened still refers to the first.
        @Test func ofANamespaceWhoseNameIsGone() throws {
            let namespace = try TestNamespace()
            let link = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            try FileManager.default.createSymbolicLink(atPath: link.path(), withDestinationPath: namespace.path)
            let sysctls = Sysctls(namespace: .path(link.path()))
            try FileManager.default.removeItem(at: link)
            #expect(sysctls.ensure([Sysctl("net.ipv4.conf.all.arp_ignore", 1)]).changes.count == 1)
            #expect(try read(namespace, "net.ipv4.conf.all.arp_ignore") == "1")
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
