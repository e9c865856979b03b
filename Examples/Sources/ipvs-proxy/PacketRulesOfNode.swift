import Common
import IPVS
import IPVSProxy
import IPVSProxyNFTables

/// The packet rules of the node, as the options want them.
struct PacketRulesOfNode {
    /// The proxier's table, whether it is wanted or not.
    let table: NFTables
    private let options: Options

    init(_ options: Options) throws(PacketFilterError) {
        table = try NFTables(interface: options.bindInterface, namespace: options.namespace.namespace)
        self.options = options
    }

    /// What the proxier writes rules with; nil if it is to have none.
    var filter: (any PacketFilter)? { options.packetRules.rules == .nftables ? table : nil }

    /// Checks that the kernel can have the rules, if they are wanted.
    func check() throws(PacketFilterError) { try filter?.check(options.packetRules.options) }

    /// Whether there are rules of an earlier run that are not wanted any more. They would refuse connections to new services.
    func areUnused() throws(PacketFilterError) -> Bool {
        guard filter == nil else { return false }
        return try ifAvailable { () throws(PacketFilterError) in
            !(try table.difference(to: PacketRules()).isFromScratch)
        }
    }

    /// Removes such rules.
    ///
    /// - Returns: Whether there were any.
    func removeUnused() throws(PacketFilterError) -> Bool {
        guard filter == nil else { return false }
        return try ifAvailable { () throws(PacketFilterError) in try table.remove() }
    }

    /// A kernel that can't have rules has none.
    private func ifAvailable(_ body: () throws(PacketFilterError) -> Bool) throws(PacketFilterError) -> Bool {
        do throws(PacketFilterError) {
            return try body()
        } catch {
            guard error.code == .unavailable else { throw error }
            return false
        }
    }
}
