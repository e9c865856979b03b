import IPVSProxyTestKernel
import IPVSTestKernel
import Testing

/// Tests with real connections: who reaches what, and which source is seen. They need root and a kernel with IPVS, nftables and
/// its address translation. All of them use the same network, one after the other.
@Suite(
    .serialized,
    .needsKernel,
    .enabled(if: PacketFilterKernel.hindrance == nil, Comment(rawValue: PacketFilterKernel.hindrance ?? ""))
)
enum PacketKernelTests {}
