import IPVSTestKernel
import Testing

/// The tests of the proxy that need a kernel with IPVS and root. They run one after the other, as they count and measure.
@Suite(.serialized, .needsKernel)
enum ProxyKernelTests {}
