// The C library of this whole package. Who imports Netlink has it too, so another one is one more line here.

#if canImport(Glibc)
@_exported import Glibc
#elseif canImport(Musl)
@_exported import Musl
#endif
