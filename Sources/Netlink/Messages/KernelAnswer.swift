import CNetlinkShim

/// The kernel's final answer to a request.
public struct KernelAnswer: Error, Hashable {
    /// The error number as a positive integer; 0 for success.
    public let errno: Int32

    /// The text of an extended acknowledgement, if there is one.
    public let message: String?

    /// Reads the payload of an `NLMSG_ERROR` or `NLMSG_DONE`.
    public init(_ message: NetlinkMessage, in bytes: RawSpan) throws(MalformedReply) {
        let payload = bytes.extracting(message.payload)
        guard payload.byteCount >= MemoryLayout<Int32>.size else {
            // The end of a dump may have no error code.
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
            // The request's header follows the error code, then the rest of the request unless NETLINK_CAP_ACK is set.
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
