import CIPVS
import Glibc
import IPVSTestKernel
import Testing

@testable import IPVS
@testable import Netlink

/// Requests that the library would refuse or never make, to test the kernel's answers.
struct RawSocket {
    private let socket: NetlinkSocket
    private let family: UInt16

    init(_ namespace: TestNamespace) throws {
        let opened = try NetlinkSocket(in: HeldNamespace(path: namespace.path), protocol: NETLINK_GENERIC)
        var connection = GenericNetlinkConnection(opened, family: IPVS_GENL_NAME)
        family = try connection.resolveFamily()
        connection.close()
        socket = try NetlinkSocket(in: HeldNamespace(path: namespace.path), protocol: NETLINK_GENERIC)
    }

    private static let noMemory = TestFailure("no memory")

    /// Sends a command with the attributes that `body` puts, and returns the kernel's answer.
    func send(_ command: Int, _ body: (inout Message) -> Void) throws -> KernelAnswer {
        guard var message = Message() else { throw Self.noMemory }
        let flags = UInt16(NLM_F_REQUEST | NLM_F_ACK)
        message.begin(type: family, flags: flags, sequence: 1, port: socket.port, command: UInt8(command), version: 1)
        body(&message)
        try message.withBytes { bytes throws(SystemError) in try socket.send(bytes) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let received = try buffer.withUnsafeMutableBytes { try socket.receive(into: $0, wait: true) }
            let bytes = buffer.span.bytes.extracting(0..<received.length)
            var cursor = NetlinkCursor()
            while let reply = try cursor.next(in: bytes) {
                if Int32(reply.type) == NLMSG_ERROR { return try KernelAnswer(reply, in: bytes) }
            }
        }
    }
}

extension Message {
    /// Puts a nested attribute with what `body` puts, if there is anything to put.
    mutating func nestAttributes(_ nest: Int, _ attributes: [RawAttribute]) {
        self.nest(nest) { message in
            for attribute in attributes { attribute.put(into: &message) }
        }
    }
}

/// An attribute with any value, valid or not.
enum RawAttribute {
    case byte(Int, UInt8)
    case short(Int, UInt16)
    case word(Int, UInt32)
    case pair(Int, UInt32, UInt32)
    case text(Int, String)
    case address(Int, IPAddress)

    func put(into message: inout Message) {
        switch self {
        case .byte(let type, let value): message.put(type, value)
        case .short(let type, let value): message.put(type, value)
        case .word(let type, let value): message.put(type, value)
        case .pair(let type, let first, let second): message.put(type, first, second)
        case .text(let type, let value): message.put(type, value)
        case .address(let type, let value): message.put(type, value)
        }
    }

    var type: Int {
        switch self {
        case .byte(let type, _), .short(let type, _), .word(let type, _), .pair(let type, _, _), .text(let type, _),
            .address(let type, _):
            type
        }
    }

    /// The identity TCP 10.96.0.1:80.
    static let identity: [RawAttribute] = [
        .short(IPVS_SVC_ATTR_AF, 2), .short(IPVS_SVC_ATTR_PROTOCOL, 6),
        .address(IPVS_SVC_ATTR_ADDR, IPAddress(10, 96, 0, 1)), .short(IPVS_SVC_ATTR_PORT, UInt16(80).bigEndian),
    ]

    /// A configuration that the kernel accepts.
    static let configuration: [RawAttribute] = [
        .text(IPVS_SVC_ATTR_SCHED_NAME, "rr"), .pair(IPVS_SVC_ATTR_FLAGS, 0, .max), .word(IPVS_SVC_ATTR_TIMEOUT, 0),
        .word(IPVS_SVC_ATTR_NETMASK, .max),
    ]

    /// A real server that the kernel accepts: 10.244.1.5:8080.
    static let destination: [RawAttribute] = [
        .short(IPVS_DEST_ATTR_ADDR_FAMILY, 2), .address(IPVS_DEST_ATTR_ADDR, IPAddress(10, 244, 1, 5)),
        .short(IPVS_DEST_ATTR_PORT, UInt16(8080).bigEndian), .word(IPVS_DEST_ATTR_FWD_METHOD, 0),
        .word(IPVS_DEST_ATTR_WEIGHT, 1), .word(IPVS_DEST_ATTR_U_THRESH, 0), .word(IPVS_DEST_ATTR_L_THRESH, 0),
    ]

    /// A sync daemon that the kernel accepts if there is an interface mc0.
    static let daemon: [RawAttribute] = [
        .word(IPVS_DAEMON_ATTR_STATE, 1), .text(IPVS_DAEMON_ATTR_MCAST_IFN, "mc0"), .word(IPVS_DAEMON_ATTR_SYNC_ID, 7),
    ]
}

extension [RawAttribute] {
    func without(_ type: Int) -> [RawAttribute] { filter { $0.type != type } }

    func with(_ attribute: RawAttribute) -> [RawAttribute] { without(attribute.type) + [attribute] }
}
