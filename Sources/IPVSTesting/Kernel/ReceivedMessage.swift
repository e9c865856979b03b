import CNetlinkShim
import Netlink

/// A message that was sent to the kernel.
package struct ReceivedMessage {
    package let header: MessageHeader

    /// All of its bytes.
    package let bytes: ArraySlice<UInt8>

    /// The generic netlink command; nil if the message is too short for one.
    var command: UInt8? { payload.count >= Framing.genericHeaderLength ? payload[payload.startIndex] : nil }

    /// The bytes of the attributes of a generic netlink message.
    var attributes: ArraySlice<UInt8> { payload.dropFirst(Framing.genericHeaderLength) }

    package var isDump: Bool { has(UInt16(NLM_F_ROOT | NLM_F_MATCH)) }

    /// What follows the header.
    package var payload: ArraySlice<UInt8> { bytes.dropFirst(Framing.headerLength) }

    package func has(_ flags: UInt16) -> Bool { header.flags & flags == flags }

    /// The messages of a send. One whose length is wrong ends them, and nothing tells the sender.
    package static func split(_ sent: [UInt8]) -> [ReceivedMessage] {
        var messages: [ReceivedMessage] = []
        var rest = sent[...]
        while rest.count >= Framing.headerLength {
            let length = Int(rest.integer(at: 0, as: UInt32.self))
            guard length >= Framing.headerLength, length <= rest.count else { break }
            let header = MessageHeader(
                type: rest.integer(at: 4, as: UInt16.self),
                flags: rest.integer(at: 6, as: UInt16.self),
                sequence: rest.integer(at: 8, as: UInt32.self),
                port: rest.integer(at: 12, as: UInt32.self)
            )
            messages.append(ReceivedMessage(header: header, bytes: rest.prefix(length)))
            rest = rest.dropFirst(Framing.aligned(length))
        }
        return messages
    }
}
