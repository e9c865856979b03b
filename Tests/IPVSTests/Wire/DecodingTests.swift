import CIPVS
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Decoding")
struct DecodingTests {
    private let service = VirtualServer(
        .tcp(IPAddress(10, 0, 0, 1), 80),
        persistence: Persistence(mask: .netmask(255, 255, 255, 0))
    )
    private let real = RealServer(IPAddress(10, 0, 0, 2), 80, forwarding: .tunnel(.gue(port: 6080, checksum: .full)))

    /// The attributes with one of another length or value, or without it.
    private func replacing(_ type: Int, in bytes: [UInt8], with payload: [UInt8]?) -> [UInt8] {
        var attributes = bytes.attributes
        attributes[type] = payload
        return attributes.flatMap { [UInt8].attribute($0, $1) }
    }

    private func problem(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) throws -> String
    {
        try #require(throws: MalformedReply.self, sourceLocation: sourceLocation, performing: body).description
    }

    @Test(
        "The error for a virtual server without a required attribute names the attribute",
        arguments: [
            (IPVS_SVC_ATTR_AF, "AF"), (IPVS_SVC_ATTR_PROTOCOL, "PROTOCOL"), (IPVS_SVC_ATTR_ADDR, "ADDR"),
            (IPVS_SVC_ATTR_PORT, "PORT"), (IPVS_SVC_ATTR_SCHED_NAME, "SCHED_NAME"), (IPVS_SVC_ATTR_FLAGS, "FLAGS"),
            (IPVS_SVC_ATTR_TIMEOUT, "TIMEOUT"), (IPVS_SVC_ATTR_NETMASK, "NETMASK"),
        ]
    )
    func missing(type: Int, name: String) throws {
        let without = replacing(type, in: service.wire, with: nil)
        let missing = try problem { _ = try VirtualServer(decoding: without.span.bytes) }
        #expect(missing == "IPVS_SVC_ATTR_\(name) is missing")
        let long = replacing(type, in: service.wire, with: Array(repeating: 0, count: 99))
        guard type != IPVS_SVC_ATTR_SCHED_NAME else { return }
        let words = try problem { _ = try VirtualServer(decoding: long.span.bytes) }
        #expect(words.hasPrefix("IPVS_SVC_ATTR_\(name) has 99 bytes instead of "))
    }

    @Test("The error for a status without counters names them")
    func missingCounters() throws {
        #expect(
            try problem { _ = try VirtualServer.Status(decoding: service.wire.span.bytes) }
                == "IPVS_SVC_ATTR_STATS is missing"
        )
        let observed = real.wire + real.observed(Statistics())
        for (type, name) in [
            (IPVS_DEST_ATTR_STATS64, "STATS"), (IPVS_DEST_ATTR_ACTIVE_CONNS, "ACTIVE_CONNS"),
            (IPVS_DEST_ATTR_INACT_CONNS, "INACT_CONNS"), (IPVS_DEST_ATTR_PERSIST_CONNS, "PERSIST_CONNS"),
        ] {
            let bytes = replacing(type, in: observed, with: nil)
            let words = try problem {
                _ = try RealServer.Status(decoding: bytes.span.bytes, serviceFamily: .ipv4)
            }
            #expect(words == "IPVS_DEST_ATTR_\(name) is missing")
        }
    }

    @Test(
        "The error for a real server without a required attribute names the attribute",
        arguments: [
            (IPVS_DEST_ATTR_ADDR, "ADDR"), (IPVS_DEST_ATTR_PORT, "PORT"), (IPVS_DEST_ATTR_FWD_METHOD, "FWD_METHOD"),
            (IPVS_DEST_ATTR_WEIGHT, "WEIGHT"), (IPVS_DEST_ATTR_U_THRESH, "U_THRESH"),
            (IPVS_DEST_ATTR_L_THRESH, "L_THRESH"),
        ]
    )
    func missingOfReal(type: Int, name: String) throws {
        let bytes = replacing(type, in: real.wire, with: nil)
        let words = try problem { _ = try RealServer(decoding: bytes.span.bytes, serviceFamily: .ipv4) }
        #expect(words == "IPVS_DEST_ATTR_\(name) is missing")
    }

    @Test("A forwarding method of a newer kernel is read, and written unchanged")
    func otherForwardingMethod() throws {
        let bytes = replacing(IPVS_DEST_ATTR_FWD_METHOD, in: real.wire, with: Array(UInt32(7)))
        let server = try RealServer(decoding: bytes.span.bytes, serviceFamily: .ipv4)
        #expect(server.forwarding == .other(7) && "\(server.forwarding)" == "7")
        #expect(try RealServer(decoding: server.wire.span.bytes, serviceFamily: .ipv4) == server)
    }

    @Test("Errors name unknown values")
    func unknownValues() throws {
        let family = replacing(IPVS_SVC_ATTR_AF, in: service.wire, with: Array(UInt16(3)))
        #expect(
            try problem { _ = try VirtualServer(decoding: family.span.bytes) }
                == "IPVS_SVC_ATTR_AF is 3, an unknown address family"
        )
        let name = replacing(IPVS_SVC_ATTR_SCHED_NAME, in: service.wire, with: [0xff, 0])
        #expect(
            try problem { _ = try VirtualServer(decoding: name.span.bytes) } == "IPVS_SVC_ATTR_SCHED_NAME is not a text"
        )
        let inner = replacing(IPVS_SVC_ATTR_SCHED_NAME, in: service.wire, with: [0x72, 0, 0x72, 0])
        #expect(
            try problem { _ = try VirtualServer(decoding: inner.span.bytes) }
                == "IPVS_SVC_ATTR_SCHED_NAME is not a text"
        )
        let state: [UInt8] = .attribute(IPVS_DAEMON_ATTR_STATE, UInt32(3))
        #expect(
            try problem { _ = try SyncDaemon(decoding: state.span.bytes) }
                == "IPVS_DAEMON_ATTR_STATE is 3, an unknown state"
        )
    }

    @Test("The error for a sync daemon or kernel information without an attribute names the attribute")
    func missingSettings() throws {
        let daemon =
            Request.startDaemon(SyncDaemon(.master, interface: "lo")).sent.attributes[IPVS_CMD_ATTR_DAEMON] ?? []
        for (type, name) in [
            (IPVS_DAEMON_ATTR_STATE, "STATE"), (IPVS_DAEMON_ATTR_MCAST_IFN, "MCAST_IFN"),
            (IPVS_DAEMON_ATTR_SYNC_ID, "SYNC_ID"),
        ] {
            let bytes = replacing(type, in: daemon, with: nil)
            #expect(
                try problem { _ = try SyncDaemon(decoding: bytes.span.bytes) } == "IPVS_DAEMON_ATTR_\(name) is missing"
            )
        }
        let version: [UInt8] = .attribute(IPVS_INFO_ATTR_VERSION, UInt32(1))
        #expect(
            try problem { _ = try KernelInfo(decoding: version.span.bytes) }
                == "IPVS_INFO_ATTR_CONN_TAB_SIZE is missing"
        )
        #expect(
            try problem { _ = try KernelInfo(decoding: [UInt8]().span.bytes) } == "IPVS_INFO_ATTR_VERSION is missing"
        )
    }

    @Test("Replies of older kernels")
    func olderKernels() throws {
        // Before 3.18 a destination had no family of its own.
        let noFamily = replacing(IPVS_DEST_ATTR_ADDR_FAMILY, in: real.wire, with: nil)
        let six = try RealServer(decoding: noFamily.span.bytes, serviceFamily: .ipv6)
        #expect(try RealServer(decoding: noFamily.span.bytes, serviceFamily: .ipv4) == real)
        #expect(six.endpoint == Endpoint("[a00:2::]:80"))
        // Before 5.2 there was one kind of tunnel.
        var plain = real.wire
        for type in [IPVS_DEST_ATTR_TUN_TYPE, IPVS_DEST_ATTR_TUN_PORT, IPVS_DEST_ATTR_TUN_FLAGS] {
            plain = replacing(type, in: plain, with: nil)
        }
        #expect(try RealServer(decoding: plain.span.bytes, serviceFamily: .ipv4).forwarding == .tunnel(.ipip))
        // A kernel without TCP or UDP has no timeouts for them.
        let udp: [UInt8] = .attribute(IPVS_CMD_ATTR_TIMEOUT_UDP, UInt32(300))
        #expect(try Timeouts(decoding: udp.span.bytes) == Timeouts(udp: 300))
        #expect(try Timeouts(decoding: [UInt8]().span.bytes) == Timeouts())
    }

    @Test("Values that the kernel keeps but doesn't use make no difference")
    func meaningless() throws {
        // The kernel keeps the tunnel's settings when the method or the kind changes.
        var bytes = replacing(IPVS_DEST_ATTR_TUN_TYPE, in: real.wire, with: [0])
        #expect(try RealServer(decoding: bytes.span.bytes, serviceFamily: .ipv4).forwarding == .tunnel(.ipip))
        bytes = replacing(IPVS_DEST_ATTR_TUN_TYPE, in: real.wire, with: [2])
        #expect(
            try RealServer(decoding: bytes.span.bytes, serviceFamily: .ipv4).forwarding
                == .tunnel(.gre(checksum: true))
        )
        bytes = replacing(IPVS_DEST_ATTR_FWD_METHOD, in: real.wire, with: Array(UInt32(IP_VS_CONN_F_MASQ)))
        #expect(try RealServer(decoding: bytes.span.bytes, serviceFamily: .ipv4).forwarding == .masquerade)
        // A service that is no longer persistent still has a timeout, a mask and its hashed flag.
        let flags = [UInt8](UInt32(0x2)) + [UInt8](UInt32.max)
        bytes = replacing(IPVS_SVC_ATTR_FLAGS, in: service.wire, with: flags)
        #expect(try VirtualServer(decoding: bytes.span.bytes) == VirtualServer(service.id))
        // The kernel leaves arbitrary bytes after the four bytes of an IPv4 address.
        bytes = replacing(
            IPVS_SVC_ATTR_ADDR,
            in: service.wire,
            with: [10, 0, 0, 1] + Array(repeating: 0xaa, count: 12)
        )
        #expect(try VirtualServer(decoding: bytes.span.bytes) == service)
    }
}
