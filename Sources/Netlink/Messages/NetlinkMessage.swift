/// A netlink message in a datagram: the fields of its header, and the position of its payload.
public struct NetlinkMessage {
    /// The message type.
    public let type: UInt16

    /// The flags, such as `NLM_F_MULTI`.
    public let flags: UInt16

    /// The sequence number of the request that it answers.
    public let sequence: UInt32

    /// The port of the socket that it is addressed to.
    public let port: UInt32

    /// The position of the payload in the datagram.
    public let payload: Range<Int>
}

/// Iterates over the messages of a datagram, within its bounds.
public struct NetlinkCursor {
    private var offset = 0

    /// A cursor at the start of a datagram.
    public init() {}

    /// The next message, or nil at the end. `bytes` must be the same in each call.
    public mutating func next(in bytes: RawSpan) throws(MalformedReply) -> NetlinkMessage? {
        let left = bytes.byteCount - offset
        guard left > 0 else { return nil }
        guard left >= Framing.headerLength else {
            throw MalformedReply(attribute: "a datagram", problem: "ends in \(left) stray bytes")
        }
        let length = Int(bytes.integer(at: offset, as: UInt32.self))
        guard length >= Framing.headerLength, length <= left else {
            throw MalformedReply(attribute: "a message", problem: "has a length of \(length) where \(left) are left")
        }
        let message = NetlinkMessage(
            type: bytes.integer(at: offset + 4, as: UInt16.self),
            flags: bytes.integer(at: offset + 6, as: UInt16.self),
            sequence: bytes.integer(at: offset + 8, as: UInt32.self),
            port: bytes.integer(at: offset + 12, as: UInt32.self),
            payload: offset + Framing.headerLength..<offset + length
        )
        offset += Framing.aligned(length)
        return message
    }
}
