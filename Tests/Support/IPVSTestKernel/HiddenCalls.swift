import Foundation
import Glibc

// Calls of the C library that its headers hide from Swift.

let networkNamespaceFlag: Int32 = 0x4000_0000

func unshare(_ flags: Int32) -> Int32 {
    typealias Function = @convention(c) (Int32) -> Int32
    return unsafeBitCast(dlsym(nil, "unshare"), to: Function.self)(flags)
}

/// Sets `lo` up in the calling thread's namespace, many times faster than `ip` would in an emulated machine.
func setLoopbackUp() throws {
    typealias Function = @convention(c) (Int32, UInt, UnsafeMutableRawPointer) -> Int32
    let ioctl = unsafeBitCast(dlsym(nil, "ioctl"), to: Function.self)
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(descriptor) }
    // struct ifreq: a name of 16 bytes, then the flags.
    var request = Array("lo".utf8) + [UInt8](repeating: 0, count: 38)
    request[16] = UInt8(IFF_UP)
    guard ioctl(descriptor, UInt(SIOCSIFFLAGS), &request) == 0 else {
        throw POSIXError(.init(rawValue: errno) ?? .EPERM)
    }
}

/// Moves the calling thread to the network namespace that an open file refers to. It returns 0 if that succeeded.
public func enterNamespace(_ descriptor: Int32) -> Int32 {
    typealias Function = @convention(c) (Int32, Int32) -> Int32
    return unsafeBitCast(dlsym(nil, "setns"), to: Function.self)(descriptor, networkNamespaceFlag)
}

/// Gives up all capabilities of the calling thread. It returns 0 if that succeeded.
public func dropCapabilities() -> Int32 {
    typealias Function = @convention(c) (UnsafePointer<UInt32>, UnsafePointer<UInt32>) -> Int32
    let header: [UInt32] = [0x2008_0522, 0]
    let none = [UInt32](repeating: 0, count: 6)
    return unsafeBitCast(dlsym(nil, "capset"), to: Function.self)(header, none)
}
