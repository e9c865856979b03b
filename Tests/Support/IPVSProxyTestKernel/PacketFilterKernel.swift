import IPVS
import IPVSProxy
import IPVSProxyNFTables
import IPVSTestKernel

/// The packet filter of the kernel that the tests run on.
package enum PacketFilterKernel {
    /// Why tests of packet rules can't run here; nil if they can.
    package static let hindrance: String? = {
        do {
            let namespace = try TestNamespace()
            try NFTables(namespace: .path(namespace.path)).check(PacketRules.Options())
            return nil
        } catch {
            return "\(error)"
        }
    }()
}
