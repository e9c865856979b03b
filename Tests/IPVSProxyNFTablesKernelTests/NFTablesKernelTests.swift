import IPVS
import IPVSProxy
import IPVSProxyTestKernel
import IPVSTestKernel
import Testing

@testable import IPVSProxyNFTables

/// Tests of the packet rules, which need root and a kernel with nftables and its address translation.
@Suite(
    .serialized,
    .enabled(if: PacketFilterKernel.hindrance == nil, Comment(rawValue: PacketFilterKernel.hindrance ?? ""))
)
enum NFTablesKernelTests {}

/// A node whose packet filter tests change.
struct FilteredNode {
    let namespace: TestNamespace
    let filter: NFTables

    init() throws {
        namespace = try TestNamespace()
        filter = try NFTables(namespace: .path(namespace.path))
    }

    /// The filter of a new process.
    func other() throws -> NFTables { try NFTables(namespace: .path(namespace.path)) }

    /// Makes the rules these, which must work at once.
    func write(_ rules: PacketRules, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try filter.write(try filter.difference(to: rules))
        try expect(rules, sourceLocation: sourceLocation)
    }

    /// Expects that the rules are these, for this filter and a new one.
    func expect(_ rules: PacketRules, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try filter.difference(to: rules) == .init(), sourceLocation: sourceLocation)
        #expect(try other().difference(to: rules) == .init(), sourceLocation: sourceLocation)
        #expect(try filter.isUnchanged(), sourceLocation: sourceLocation)
    }

    /// Runs a command of nft.
    @discardableResult
    func nft(_ command: String) throws -> String { try namespace.run("nft", command) }

    /// The table as nft lists it.
    func list() throws -> String { try nft("list table inet \(filter.table)") }
}
