import CIPVS
import Glibc

/// Requests of IPVS and their answers over a channel, one at a time.
struct Connection: ~Copyable {
    typealias Failure = NetlinkConnection.Failure

    var netlink: NetlinkConnection
    private var family: UInt16?

    /// Room for the requests of a batch; nil while it is lent.
    private var bulk: RequestBuffer?

    static let defaultBufferSize = NetlinkConnection.defaultBufferSize

    /// A connection over a channel, which it closes at its end; datagrams may have up to `bufferSize` bytes at first.
    init(_ channel: any Channel, bufferSize: Int = defaultBufferSize) {
        netlink = NetlinkConnection(channel, bufferSize: bufferSize)
    }

    var channel: (any Channel)? { netlink.channel }

    mutating func close() { netlink.close() }

    /// Makes a request of IPVS and folds the messages of its reply into a result, which begins anew with `initial` where
    /// the request has to be made again.
    mutating func perform<Result>(
        _ request: Request,
        _ initial: () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        let known = try knownFamily()
        do throws(Failure) {
            return try perform(request, type: known, initial, fold)
        } catch .kernel(let answer) where answer.errno == ENOENT {
            // Either it is what the command means by it, or the module was unloaded and the family's number is void.
            let current = try resolveFamily()
            guard current != known else { throw .kernel(answer) }
            return try perform(request, type: current, initial, fold)
        }
    }

    /// The number of IPVS's family, which is asked for if need be.
    mutating func knownFamily() throws(Failure) -> UInt16 {
        if let family { return family }
        return try resolveFamily()
    }

    /// Asks for the number of IPVS's family. It must be known before any request: the kernel acknowledges a message of
    /// type 0 and does nothing.
    @discardableResult
    mutating func resolveFamily() throws(Failure) -> UInt16 {
        family = nil
        let type: UInt16?
        do throws(Failure) {
            type = try perform(.resolveFamily, type: UInt16(GENL_ID_CTRL), { nil as UInt16? }) {
                (family, bytes) throws(MalformedReply) in
                var cursor = AttributeCursor(.control)
                while let attribute = try cursor.next(in: bytes) {
                    guard attribute.type == Int(CTRL_ATTR_FAMILY_ID) else { continue }
                    family = try bytes.read(attribute, as: UInt16.self)
                }
            }
        } catch .kernel(let answer) where answer.errno == ENOENT {
            throw .unavailable(answer)
        }
        guard let type, type >= UInt16(NLMSG_MIN_TYPE) else {
            throw .malformed(AttributeSet.control.missing(Int(CTRL_ATTR_FAMILY_ID)))
        }
        family = type
        return type
    }

    /// Makes a request of a family by its number.
    private mutating func perform<Result>(
        _ request: Request,
        type: UInt16,
        _ initial: () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        let format = NetlinkConnection.ReplyFormat(type: type, headerLength: Netlink.genericHeaderLength)
        return try netlink.perform(request, type: type, isRead: request.isRead, format, initial, fold)
    }

    /// Lends a buffer for the requests of a batch, which keeps its templates from one batch to the next.
    mutating func takeBuffer() -> RequestBuffer { bulk.take() ?? RequestBuffer() }

    /// Takes a buffer back, and leaves one without room.
    mutating func giveBack(_ buffer: inout RequestBuffer) {
        var lent = RequestBuffer(capacity: 0)
        swap(&lent, &buffer)
        lent.removeAll()
        bulk = consume lent
    }
}
