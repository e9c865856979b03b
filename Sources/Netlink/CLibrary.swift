// The C library of the whole package. Targets that import Netlink get it from here, so supporting another one takes one
// line.

#if canImport(Glibc)
@_exported import Glibc
#elseif canImport(Musl)
@_exported import Musl
#endif
