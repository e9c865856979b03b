import CIPVS
import CNetlinkShim

@testable import IPVS

/// One netlink message of the kernel's answer to a request.
struct Reply: Sendable {
    /// Nil is the request's value.
    var type: UInt16?
    var flags: UInt16 = 0
    var payload: @Sendable (SentRequest) -> [UInt8]

    // The differences of the header from the request's.
    private var sequenceOffset: UInt32 = 0
    private var portOffset: UInt32 = 0

    init(type: UInt16? = nil, flags: UInt16 = 0, payload: @escaping @Sendable (SentRequest) -> [UInt8]) {
        self.type = type
        self.flags = flags
        self.payload = payload
    }

    func bytes(for request: SentRequest) -> [UInt8] {
        let payload = payload(request)
        let header = [UInt8](UInt32(payload.count + 16)) + [UInt8](type ?? request.type) + [UInt8](flags)
        let address = [UInt8](request.sequence &+ sequenceOffset) + [UInt8](request.port &+ portOffset)
        return (header + address + payload).padded
    }
}

extension Reply {
    /// A message of the request's own family.
    static func message(_ attributes: [UInt8]) -> Reply {
        Reply { [UInt8(truncatingIfNeeded: $0.command), 1, 0, 0] + attributes }
    }

    /// The controller's answer with the number of a family.
    static func family(_ id: UInt16) -> Reply {
        message(
            .attribute(Int(CTRL_ATTR_FAMILY_NAME), "IPVS") + .attribute(Int(CTRL_ATTR_FAMILY_ID), id)
                + .attribute(Int(CTRL_ATTR_VERSION), UInt32(1))
        )
    }

    static let ack = error(0)

    /// The acknowledgement of a request, which echoes its header or all of it.
    static func error(_ errno: Int32, text: String? = nil, capped: Bool = true) -> Reply {
        var flags = capped ? UInt16(NLM_F_CAPPED) : 0
        var extended: [UInt8] = []
        if let text {
            flags |= UInt16(NLM_F_ACK_TLVS)
            extended =
                .attribute(Int(NLMSGERR_ATTR_MSG.rawValue), text)
                + .attribute(Int(NLMSGERR_ATTR_OFFS.rawValue), UInt32(20))
        }
        let tail = extended
        return Reply(type: UInt16(NLMSG_ERROR), flags: flags) {
            [UInt8](-errno) + (capped ? Array($0.bytes[..<16]) : $0.bytes.padded) + tail
        }
    }

    /// The end of a dump, with or without an error code.
    static func done(_ errno: Int32? = 0, text: String? = nil) -> Reply {
        let tail = text.map { [UInt8].attribute(Int(NLMSGERR_ATTR_MSG.rawValue), $0) } ?? []
        return Reply(
            type: UInt16(NLMSG_DONE),
            flags: UInt16(NLM_F_MULTI) | (text == nil ? 0 : UInt16(NLM_F_ACK_TLVS))
        ) { _ in errno.map { [UInt8](-$0) + tail } ?? [] }
    }

    /// The same message with another sequence number.
    func sequence(offset: Int32) -> Reply {
        var copy = self
        copy.sequenceOffset = UInt32(bitPattern: offset)
        return copy
    }

    /// The same message for another port.
    func port(offset: Int32) -> Reply {
        var copy = self
        copy.portOffset = UInt32(bitPattern: offset)
        return copy
    }

    /// The same message with a payload that ends early.
    func cut(to length: Int) -> Reply {
        var copy = self
        let whole = payload
        copy.payload = { Array(whole($0).prefix(length)) }
        return copy
    }
}
