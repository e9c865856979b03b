import IPVSTestKernel
import Testing

/// Tests of the proxy, which need a kernel with IPVS and root. They run one after the other, as they count and measure.
@Suite(.serialized, .needsKernel)
enum ProxyKernelTests {}
