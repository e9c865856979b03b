import CNetlinkShim
import Netlink

/// What the kernel answers to a message, before it is put into datagrams.
struct Answer {
    /// The messages of a reply: the commands and attributes of each.
    var replies: [(command: UInt8, attributes: [UInt8])] = []

    /// How the message ended: an error, or success with or without a remark.
    var verdict = Refusal(0)

    var isDump = false

    /// The attributes of most replies fit into a datagram of this size, the size of the first part of a dump in the kernel.
    private static let partSize = 3_600

    /// The datagrams to the sender of a message.
    ///
    /// - Parameters:
    ///   - message: The message.
    ///   - port: The port of the sender's socket.
    ///   - version: The version of the message's family.
    /// - Returns: The datagrams in their order.
    func datagrams(to message: ReceivedMessage, port: UInt32, version: UInt8) -> [[UInt8]] {
        var header = message.header
        header.port = port
        header.flags = isDump ? UInt16(NLM_F_MULTI) : 0
        var datagrams: [[UInt8]] = []
        for reply in replies {
            let bytes = header.message(command: reply.command, version: version, reply.attributes)
            if let last = datagrams.last, last.count + bytes.count <= Self.partSize {
                datagrams[datagrams.count - 1] += bytes
            } else {
                datagrams.append(bytes)
            }
        }
        if isDump {
            datagrams.append(end(header))
        } else if verdict.errno != 0 || message.has(UInt16(NLM_F_ACK)) {
            datagrams.append(acknowledgement(of: message, header))
        }
        return datagrams
    }

    private func end(_ header: MessageHeader) -> [UInt8] {
        var header = header
        header.type = UInt16(NLMSG_DONE)
        var writer = MessageWriter()
        writer.append(-verdict.errno)
        putText(into: &writer, &header)
        return header.message(writer.bytes)
    }

    private func acknowledgement(of message: ReceivedMessage, _ header: MessageHeader) -> [UInt8] {
        var header = header
        header.type = UInt16(NLMSG_ERROR)
        // Only the header of the message is in the answer, as a connection asks for.
        header.flags = UInt16(NLM_F_CAPPED)
        var writer = MessageWriter()
        writer.append(-verdict.errno)
        writer.append(Array(message.bytes.prefix(Framing.headerLength)))
        putText(into: &writer, &header)
        return header.message(writer.bytes)
    }

    private func putText(into writer: inout MessageWriter, _ header: inout MessageHeader) {
        guard let text = verdict.text else { return }
        header.flags |= UInt16(NLM_F_ACK_TLVS)
        writer.put(Int(NLMSGERR_ATTR_MSG.rawValue), text)
        guard verdict.errno != 0, let culprit = verdict.culprit else { return }
        writer.put(Int(NLMSGERR_ATTR_OFFS.rawValue), UInt32(culprit.offset))
        culprit.rule.put(into: &writer)
    }
}

extension AttributeRule {
    /// Puts the rule that was broken, as the kernel describes it.
    fileprivate func put(into writer: inout MessageWriter) {
        let nested = Int(NLMSGERR_ATTR_POLICY.rawValue) | Int(NLA_F_NESTED)
        switch self {
        case .integer(let size):
            // The types of 8, 16 and 32 bits have the numbers 2, 3 and 4.
            let type = NL_ATTR_TYPE_U8.rawValue + UInt32(size.trailingZeroBitCount)
            writer.nest(nested) { nest in
                nest.put(Int(NL_POLICY_TYPE_ATTR_MIN_VALUE_U.rawValue), UInt64(0))
                nest.put(Int(NL_POLICY_TYPE_ATTR_MAX_VALUE_U.rawValue), UInt64.max >> UInt64(64 - 8 * size))
                nest.put(Int(NL_POLICY_TYPE_ATTR_TYPE.rawValue), type)
            }
        case .atMost(let length): writer.nest(nested) { $0.putLimit(length, NL_ATTR_TYPE_BINARY) }
        case .text(let length): writer.nest(nested) { $0.putLimit(length, NL_ATTR_TYPE_NUL_STRING) }
        case .nest:
            writer.nest(nested) { $0.put(Int(NL_POLICY_TYPE_ATTR_TYPE.rawValue), NL_ATTR_TYPE_NESTED.rawValue) }
        case .atLeast: break
        }
    }
}

extension MessageWriter {
    fileprivate mutating func putLimit(_ length: Int, _ type: netlink_attribute_type) {
        put(Int(NL_POLICY_TYPE_ATTR_MAX_LENGTH.rawValue), UInt32(length))
        put(Int(NL_POLICY_TYPE_ATTR_TYPE.rawValue), type.rawValue)
    }
}
