import Foundation
import Glibc
import IPVS
import IPVSProxy
import IPVSProxyTestSamples
import IPVSTestKernel
import Testing

@testable import IPVSNode

extension ProxyKernelTests {
    /// A client in one namespace, IPVS and a real server in another, and a link between them.
    @Suite struct Traffic {
        let (client, node): (TestNamespace, TestNamespace)

        init() throws {
            (client, node) = (try TestNamespace(), try TestNamespace())
            try node.run("ip", "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", client.path)
            for (namespace, number) in [(client, 1), (node, 2)] {
                try namespace.run("ip", "addr", "add", "192.0.2.\(number)/24", "dev", "wire")
                try namespace.run("ip", "-6", "addr", "add", "2001:db8::\(number)/64", "dev", "wire", "nodad")
                try namespace.run("ip", "link", "set", "wire", "up")
            }
            try client.run("ip", "route", "add", "10.96.0.0/16", "via", "192.0.2.2")
            try client.run("ip", "-6", "route", "add", "fd00::/16", "via", "2001:db8::2")
        }

        @Test(arguments: [("10.96.0.1", "192.0.2.2"), ("fd00::1", "2001:db8::2")], AddressBinder.Method.allCases)
        func reachesAServiceOnABoundAddress(
            _ addresses: (service: String, real: String),
            _ method: AddressBinder.Method
        ) throws {
            let (service, real) = addresses
            let (address, server) = (try #require(IPAddress(service)), try #require(IPAddress(real)))
            let echo = try EchoOnce(node, server, port: 8_080)
            let binder = try AddressBinder(method: method, namespace: .path(node.path))
            _ = try binder.bind([address])
            let handle = try node.open()
            let web = VirtualServer(.tcp(address, 80), scheduler: .roundRobin)
            try handle.add(web)
            try handle.add(RealServer(server, 8_080, forwarding: .masquerade), to: web.id)
            // The interface is down, which is enough for packets; only IPv6 routes need it up.
            let isUp = try node.interface("kube-ipvs0").flags.contains("UP")
            #expect(isUp == (method == .routes && address.family == .ipv6))
            #expect(try echo.isReached(from: client, address, port: 80))
            // A client on the node itself.
            #expect(try echo.isReached(from: node, address, port: 80))
            // The kernel adds up its counters every two seconds.
            try eventually { try handle.virtualServers().map(\.statistics.connections) == [2] }
            // The same address, unbound: there is no answer.
            _ = try binder.unbind([address])
            #expect(try !echo.isReached(from: client, address, port: 80))
        }
    }
}

/// A TCP server that echoes its input, for one client after the other.
private final class EchoOnce: Sendable {
    private let listener: Int32

    init(_ namespace: TestNamespace, _ address: IPAddress, port: UInt16) throws {
        let descriptor = namespace.descriptor
        listener = try onThread {
            guard enterNamespace(descriptor) == 0 else { throw TestFailure("setns") }
            let listener = socket(Int32(address.family.rawValue), Int32(SOCK_STREAM.rawValue), 0)
            guard withSocketAddress(address, port, { bind(listener, $0, $1) }) == 0, listen(listener, 4) == 0 else {
                throw TestFailure("bind or listen: \(errno)")
            }
            return listener
        }
        let listener = listener
        Thread.detachNewThread {
            while case let client = accept(listener, nil, nil), client >= 0 {
                var buffer = [UInt8](repeating: 0, count: 16)
                while case let count = read(client, &buffer, buffer.count), count > 0 {
                    _ = write(client, buffer, count)
                }
                reset(client)
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Whether the server answers a client that connects to an address.
    func isReached(from namespace: TestNamespace, _ address: IPAddress, port: UInt16) throws -> Bool {
        let place = namespace.descriptor
        return try onThread {
            guard enterNamespace(place) == 0 else { throw TestFailure("setns") }
            let descriptor = socket(Int32(address.family.rawValue), Int32(SOCK_STREAM.rawValue), 0)
            defer { reset(descriptor) }
            // This limits the time to connect too.
            var patience = timeval(tv_sec: 3, tv_usec: 0)
            for option in [SO_SNDTIMEO, SO_RCVTIMEO] {
                setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
            }
            guard withSocketAddress(address, port, { connect(descriptor, $0, $1) }) == 0 else { return false }
            var answer = [UInt8](repeating: 0, count: 4)
            return write(descriptor, "ping", 4) == 4 && read(descriptor, &answer, 4) == 4
                && answer == Array("ping".utf8)
        }
    }
}

/// Ends a connection with a reset: the kernel removes it soon, so that the namespace can end.
private func reset(_ descriptor: Int32) {
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    close(descriptor)
}

private func withSocketAddress(
    _ address: IPAddress,
    _ port: UInt16,
    _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
    var storage = sockaddr_storage()
    storage.ss_family = sa_family_t(address.family.rawValue)
    let isIPv4 = address.family == .ipv4
    withUnsafeMutableBytes(of: &storage) { bytes in
        bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
        for (place, byte) in address.bytes.enumerated() { bytes[place + (isIPv4 ? 4 : 8)] = byte }
    }
    let length = socklen_t(isIPv4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
    return withUnsafePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, length) }
    }
}
