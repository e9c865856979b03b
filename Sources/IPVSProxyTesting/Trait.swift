#if !Proxy
#error("IPVSProxyTesting needs the trait Proxy of swift-ipvs, which is enabled by default: leave out `traits: []`")
#endif
