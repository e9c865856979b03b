import IPVSTestKernel
import Testing

/// Tests of a node's addresses and settings, which need a kernel with IPVS and root. They run one after the other, as
/// they count and measure.
@Suite(.serialized, .needsKernel)
enum NodeKernelTests {}
