import IPVSTestKernel
import Testing

/// Tests that need a kernel with IPVS and root. They run one after the other: some unload modules, or count.
@Suite(.serialized, .needsKernel)
enum KernelTests {}
