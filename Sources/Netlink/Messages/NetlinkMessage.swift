/// One netlink message of those in a datagram: its header, and where its payload is.
public struct NetlinkMessage {
    public let type: UInt16
    public let flags: UInt16
    public let sequence: UInt32
    public let port: UInt32
    public let payload: Range<Int>
}

/// Steps through the messages of a datagram, and never beyond its end.
public struct NetlinkCursor {
    private var offset = 0

    public init() {}

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
