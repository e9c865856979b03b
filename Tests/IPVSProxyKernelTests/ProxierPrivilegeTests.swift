import Foundation
import IPVS
import IPVSProxyTestKernel
import IPVSProxyTestSamples
import IPVSTestKernel
import Testing

@testable import IPVSNode
@testable import IPVSProxy

extension ProxyKernelTests {
    /// Operations that a proxier has no privileges for.
    @Suite struct ProxierPrivileges {
        @Test func withoutPrivilege() async throws {
            let node = try TestNode()
            let place = node.namespace.descriptor
            // In another namespace, and in the current one.
            let entering = try onThread { () -> String in
                try #require(dropCapabilities() == 0)
                return message { try node.proxier() }
            }
            #expect(entering.contains("can't open IPVS") && entering.contains("CAP_SYS_ADMIN"), "\(entering)")
            let opened = try onThread { () -> Proxier in
                try #require(enterNamespace(place) == 0 && dropCapabilities() == 0)
                return try Proxier(logger: .silent)
            }
            await opened.tell([service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1)]))])
            let error = await #expect(throws: (any Error).self) { try await opened.sync() }
            let text = error.map { "\($0)" } ?? ""
            #expect(text.contains("not permitted; this requires CAP_NET_ADMIN"), "\(text)")
            #expect(try node.namespace.saved().isEmpty)
            #expect(try node.addresses() == nil)
            // A retry would not help.
            let end = await #expect(throws: (any Error).self) { try await opened.run() }
            #expect(end.map { "\($0)" } == text)
            let cleanup = await #expect(throws: IPVSError.self) { try await opened.cleanup() }
            #expect(cleanup?.code == .permissionDenied)
        }

        @Test func withoutANamespace() throws {
            var configuration = Proxier.Configuration()
            configuration.namespace = .named("swift-ipvs-nosuch")
            let error = #expect(throws: IPVSError.self) { try Proxier(configuration, logger: .silent) }
            #expect(error?.code == .namespaceNotFound)
        }

        @Test func anInterfaceThatCanNotBe() throws {
            let node = try TestNode()
            let error = #expect(throws: AddressError.self) { try node.proxier { $0.interface = "a name with spaces" } }
            #expect(error?.code == .invalidName)
        }
    }
}

/// The error that a call throws, as text; empty if it throws none.
private func message<Value>(_ call: () throws -> Value) -> String {
    do {
        _ = try call()
        return ""
    } catch {
        return "\(error)"
    }
}

/// Runs where the others can't: on a kernel without IPVS.
@Suite(.enabled(if: Kernel.lacksIPVS, "this kernel has IPVS, or does not say"))
struct WithoutIPVSTests {
    @Test func aProxierCanNotBeMade() throws {
        let error = #expect(throws: IPVSError.self) { try Proxier(logger: .silent) }
        #expect(error?.description.contains("this kernel has no IPVS; load its module (modprobe ip_vs)") == true)
    }
}

extension Kernel {
    /// Whether the kernel says that it has no IPVS.
    static let lacksIPVS: Bool = {
        do throws(IPVSError) {
            _ = try Handle()
            return false
        } catch {
            return error.code == .ipvsUnavailable
        }
    }()
}
