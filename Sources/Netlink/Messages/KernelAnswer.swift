import CNetlinkShim

/// The kernel's verdict on a request: the errno, positive, or 0 for success; and its own words, if it has some.
public struct KernelAnswer: Error, Hashable {
    public let errno: Int32
    public let message: String?

    /// Reads the payload of an `NLMSG_ERROR` or `NLMSG_DONE`.
    public init(_ message: NetlinkMessage, in bytes: RawSpan) throws(MalformedReply) {
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
            guard payload.byteCount >= start + Framing.headerLength else {
                throw MalformedReply(attribute: "an answer", problem: "lacks the request's header")
            }
            let echoed =
                message.flags & UInt16(NLM_F_CAPPED) != 0
                ? Framing.headerLength : Int(payload.integer(at: start, as: UInt32.self))
            start += Framing.aligned(echoed)
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
