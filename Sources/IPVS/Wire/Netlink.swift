import CIPVS

/// The constants of netlink's framing, as Swift integers.
enum Netlink {
    static let headerLength = MemoryLayout<nlmsghdr>.size
    static let genericHeaderLength = MemoryLayout<genlmsghdr>.size
    static let attributeHeaderLength = MemoryLayout<nlattr>.size

    /// An attribute's type, without the flags that say that it is nested or of network byte order.
    static let attributeTypeMask = 0x3fff

    /// Messages and attributes begin at multiples of four bytes.
    static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
}

/// One netlink message of those in a datagram: its header, and where its payload is.
struct NetlinkMessage {
    let type: UInt16
    let flags: UInt16
    let sequence: UInt32
    let port: UInt32
    let payload: Range<Int>
}

/// Steps through the messages of a datagram, and never beyond its end.
struct NetlinkCursor {
    private var offset = 0

    mutating func next(in bytes: RawSpan) throws(MalformedReply) -> NetlinkMessage? {
        let left = bytes.byteCount - offset
        guard left > 0 else { return nil }
        guard left >= Netlink.headerLength else {
            throw MalformedReply(attribute: "a datagram", problem: "ends in \(left) stray bytes")
        }
        let length = Int(bytes.integer(at: offset, as: UInt32.self))
        guard length >= Netlink.headerLength, length <= left else {
            throw MalformedReply(attribute: "a message", problem: "has a length of \(length) where \(left) are left")
        }
        let message = NetlinkMessage(
            type: bytes.integer(at: offset + 4, as: UInt16.self),
            flags: bytes.integer(at: offset + 6, as: UInt16.self),
            sequence: bytes.integer(at: offset + 8, as: UInt32.self),
            port: bytes.integer(at: offset + 12, as: UInt32.self),
            payload: offset + Netlink.headerLength..<offset + length
        )
        offset += Netlink.aligned(length)
        return message
    }
}

/// The kernel's verdict on a request: the errno, positive, or 0 for success; and its own words, if it has some.
package struct KernelAnswer: Error, Hashable {
    package let errno: Int32
    package let message: String?

    /// Reads the payload of an `NLMSG_ERROR` or `NLMSG_DONE`.
    init(_ message: NetlinkMessage, in bytes: RawSpan) throws(MalformedReply) {
        let payload = bytes.extracting(message.payload)
        guard payload.byteCount >= MemoryLayout<Int32>.size else {
            // An end of a dump needs no code.
            guard message.type == UInt16(NLMSG_DONE) else {
                throw MalformedReply(attribute: "an answer", problem: "has no error code")
            }
            (errno, self.message) = (0, nil)
            return
        }
        let code = payload.integer(at: 0, as: Int32.self)
        guard code <= 0, code != .min else {
            throw MalformedReply(attribute: "an answer", problem: "has the error code \(code)")
        }
        errno = -code
        self.message =
            message.flags & UInt16(NLM_F_ACK_TLVS) != 0
            ? try Self.extendedText(of: message, in: payload) : nil
    }

    private static func extendedText(
        of message: NetlinkMessage,
        in payload: RawSpan
    ) throws(MalformedReply) -> String? {
        var start = MemoryLayout<Int32>.size
        if message.type == UInt16(NLMSG_ERROR) {
            // The request's header follows the code, and the rest of the request unless the kernel was told to cap it.
            guard payload.byteCount >= start + Netlink.headerLength else {
                throw MalformedReply(attribute: "an answer", problem: "lacks the request's header")
            }
            let echoed =
                message.flags & UInt16(NLM_F_CAPPED) != 0
                ? Netlink.headerLength : Int(payload.integer(at: start, as: UInt32.self))
            start += Netlink.aligned(echoed)
            guard start <= payload.byteCount else {
                throw MalformedReply(attribute: "an answer", problem: "is shorter than the request it holds")
            }
        }
        var text: String?
        var cursor = AttributeCursor(.error, from: start)
        while let attribute = try cursor.next(in: payload) {
            if attribute.type == Int(NLMSGERR_ATTR_MSG.rawValue) { text = try payload.readString(attribute) }
        }
        return text
    }
}
