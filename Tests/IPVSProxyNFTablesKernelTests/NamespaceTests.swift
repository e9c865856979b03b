import Foundation
import IPVS
import IPVSProxy
import IPVSProxyTestKernel
import IPVSTestKernel
import Netlink
import Testing

@testable import IPVSProxyNFTables

extension NFTablesKernelTests {
    /// Namespaces and privileges.
    @Suite struct Namespaces {
        @Test func thatIsNotThere() {
            var error = #expect(throws: PacketFilterError.self) { try NFTables(namespace: .named("swift-ipvs-nosuch")) }
            #expect(error?.code == .namespaceNotFound)
            let reason = "can't open the packet filter: no network namespace /run/netns/swift-ipvs-nosuch"
            #expect(error?.description == reason)
            error = #expect(throws: PacketFilterError.self) { try NFTables(namespace: .path("/dev/null")) }
            #expect(error?.code == .namespaceNotFound)
        }

        /// It belongs to the namespace of the thread that made it, whichever thread uses it.
        @Test func ofTheCaller() throws {
            let (node, other) = (try FilteredNode(), try TestNamespace())
            let place = node.namespace.descriptor
            let filter = try onThread {
                try #require(enterNamespace(place) == 0)
                return try NFTables()
            }
            let rules = sampleRules()
            try filter.write(try filter.difference(to: rules))
            let elsewhere = other.descriptor
            try onThread {
                try #require(enterNamespace(elsewhere) == 0)
                #expect(try filter.isUnchanged())
                try filter.write(.init(added: [.init(.healthCheckPort(7))]))
            }
            #expect(try node.list().contains("elements = { 7, 30900 }"))
            #expect(try other.run("nft", "list", "ruleset") == "")
            #expect(try onThread { try enterNamespace(place) == 0 && filter.remove() })
            #expect(try node.nft("list ruleset") == "")
        }

        /// The namespace stays the same, even if its name is given to another one.
        @Test func whoseNameIsAnothers() throws {
            let (node, other) = (try TestNamespace(), try TestNamespace())
            let link = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
            defer { _ = unlink(link.path()) }
            try #require(symlink(node.path, link.path()) == 0)
            let filter = try NFTables(namespace: .path(link.path()))
            unlink(link.path())
            try #require(symlink(other.path, link.path()) == 0)
            try filter.write(try filter.difference(to: sampleRules()))
            #expect(try node.run("nft", "list", "tables") == "table inet \(filter.table)\n")
            #expect(try other.run("nft", "list", "tables") == "")
        }

        @Test func withoutPrivilege() throws {
            let node = try FilteredNode()
            let place = node.namespace.descriptor
            let path = node.namespace.path
            try onThread {
                try #require(dropCapabilities() == 0)
                let error = #expect(throws: PacketFilterError.self) { try NFTables(namespace: .path(path)) }
                #expect(error?.code == .permissionDenied, "\(error as Any)")
            }
            try onThread {
                try #require(enterNamespace(place) == 0 && dropCapabilities() == 0)
                let filter = try NFTables()
                let denied = { (call: () throws -> Void) in
                    let error = #expect(throws: PacketFilterError.self) { try call() }
                    #expect(error?.code == .permissionDenied)
                    #expect(error?.description.hasSuffix(PacketFilterError.notPermitted) == true)
                }
                denied { try filter.check(PacketRules.Options()) }
                denied { _ = try filter.difference(to: sampleRules()) }
                denied { try filter.write(sampleRules().difference(from: nil)) }
                denied { _ = try filter.remove() }
                denied { _ = try filter.obstacles() }
            }
            #expect(try node.nft("list ruleset") == "")
        }

        /// The library's own answer to a change that is not permitted.
        @Test func aScriptWithoutPrivilege() throws {
            let node = try FilteredNode()
            let place = node.namespace.descriptor
            let text = try onThread {
                try #require(enterNamespace(place) == 0 && dropCapabilities() == 0)
                return try Library(namespace: nil).run(Array("add table inet x\0".utf8))
            }
            #expect(PacketFilterError("x", refused: try #require(text)).code == .permissionDenied, "\(text ?? "")")
        }

        @Test func concurrently() async throws {
            let nodes = try (0..<4).map { _ in try FilteredNode() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for node in nodes {
                    group.addTask {
                        var random = RandomRules(seed: UInt64(node.namespace.descriptor))
                        var rules = PacketRules()
                        for _ in 1...5 {
                            rules = random.change(rules)
                            try node.filter.write(try node.filter.difference(to: rules))
                            #expect(try node.filter.difference(to: rules).isEmpty)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}

/// Where the kernel lacks a part of nftables, as in user-mode Linux.
@Suite(
    .enabled(
        if: Kernel.hasNFTables && !Kernel.translatesAddresses,
        "this kernel has address translation for nftables, or no nftables"
    )
)
struct WithoutNATTests {
    @Test func checkSaysWhatIsMissing() throws {
        let node = try FilteredNode()
        let error = #expect(throws: PacketFilterError.self) { try node.filter.check(PacketRules.Options()) }
        #expect(error?.code == .unavailable)
        let text =
            "can't have the packet rules: this kernel has no address translation for nftables; load its module "
            + "(modprobe nft_chain_nat), or use a kernel with it"
        #expect(error?.description.hasPrefix(text) == true, "\(error as Any)")
        #expect(try node.nft("list ruleset") == "")
    }
}
