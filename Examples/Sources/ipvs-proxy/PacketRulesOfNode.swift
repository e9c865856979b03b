import Common
import IPVS
import IPVSProxy
import IPVSProxyNFTables

/// The packet rules of the node, as the settings want them.
struct PacketRulesOfNode {
    /// The proxier's table, whether it is wanted or not; nil if it is not, and the kernel can't have it.
    let table: NFTables?
    private let settings: Settings

    /// - Parameters:
    ///   - settings: The settings of the program.
    ///   - isCleanup: Whether rules are only removed.
    /// - Throws: `PacketFilterError`.
    init(_ settings: Settings, isCleanup: Bool = false) throws(PacketFilterError) {
        self.settings = settings
        do throws(PacketFilterError) {
            table = try NFTables(interface: settings.bindInterface, namespace: settings.namespace)
        } catch {
            guard error.code == .unavailable, isCleanup || settings.rules == .none else { throw error }
            table = nil
        }
    }

    /// What the proxier writes rules with; nil if it is to have none.
    var filter: (any PacketFilter)? { settings.rules == .nftables ? table : nil }

    /// Checks that the kernel can have the rules, if they are wanted.
    func check() throws(PacketFilterError) { try filter?.check(settings.packetRules()) }

    /// Whether there are rules of an earlier run that are not wanted any more. They would refuse connections to new services.
    func areUnused() throws(PacketFilterError) -> Bool {
        guard filter == nil, let table else { return false }
        return try table.exists()
    }

    /// Removes such rules.
    ///
    /// - Returns: Whether there were any.
    func removeUnused() throws(PacketFilterError) -> Bool {
        guard filter == nil, let table else { return false }
        return try table.remove()
    }
}
