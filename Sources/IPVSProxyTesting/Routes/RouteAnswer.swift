import CRTNetlink
import IPVSTesting
import Netlink

/// What a node answers to a message to rtnetlink, before it is put into datagrams.
struct RouteAnswer {
    /// The messages of a reply: the types and payloads of each.
    var replies: [(type: Int, payload: [UInt8])] = []

    /// The error number; 0 for success.
    var errno: Int32 = 0

    /// The messages of most lists fit into datagrams of this size, that of the first part of a list in the kernel.
    private static let partSize = 3_600

    /// The datagrams to the sender of a message, in their order.
    func datagrams(to message: ReceivedMessage, port: UInt32) -> [[UInt8]] {
        var header = message.header
        header.port = port
        header.flags = message.isDump ? UInt16(NLM_F_MULTI) : 0
        var datagrams: [[UInt8]] = []
        for reply in replies {
            header.type = UInt16(reply.type)
            let bytes = header.message(reply.payload)
            if let last = datagrams.last, last.count + bytes.count <= Self.partSize {
                datagrams[datagrams.count - 1] += bytes
            } else {
                datagrams.append(bytes)
            }
        }
        if message.isDump || errno != 0 || message.has(UInt16(NLM_F_ACK)) {
            datagrams.append(end(of: message, header))
        }
        return datagrams
    }

    /// The last message, which tells the error.
    private func end(of message: ReceivedMessage, _ header: MessageHeader) -> [UInt8] {
        var header = header
        var writer = MessageWriter()
        writer.append(-errno)
        if message.isDump {
            header.type = UInt16(NLMSG_DONE)
        } else {
            header.type = UInt16(NLMSG_ERROR)
            // Only the header of the message is in the answer, as a connection asks for.
            header.flags = UInt16(NLM_F_CAPPED)
            writer.append(Array(message.bytes.prefix(Framing.headerLength)))
        }
        return header.message(writer.bytes)
    }
}
