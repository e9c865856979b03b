import IPVS
import IPVSProxy
import IPVSProxyNFTables
import IPVSTestKernel
import Testing

/// Tests with real connections: who reaches what, and which source is seen. They need root and a kernel with IPVS, nftables and
/// its address translation. All of them use the same network, one after the other.
@Suite(
    .serialized,
    .needsKernel,
    .enabled(if: PacketKernel.hindrance == nil, Comment(rawValue: PacketKernel.hindrance ?? ""))
)
enum PacketKernelTests {}

enum PacketKernel {
    /// Why there can be no packet rules here; nil if there can.
    static let hindrance: String? = {
        do {
            let namespace = try TestNamespace()
            try NFTables(namespace: .path(namespace.path)).check(PacketRules.Options())
            return nil
        } catch {
            return "\(error)"
        }
    }()
}
