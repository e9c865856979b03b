import CNetlinkShim

/// Requests of one generic netlink family and their answers over a channel, one at a time.
///
/// The kernel assigns a family's number when its module is loaded. The number is looked up by the family's name, and
/// again if the module may have been unloaded and loaded since.
public struct GenericNetlinkConnection: ~Copyable, Sendable {
    /// Why a request has no valid answer.
    public typealias Failure = NetlinkConnection.Failure

    @usableFromInline var netlink: NetlinkConnection

    /// The name of the family.
    private let name: String

    /// The family's number, once it is known.
    @usableFromInline var family: UInt16?

    /// A buffer for the requests of a batch; nil while it is lent.
    private var bulk: RequestBuffer?

    /// The size of the receive buffer unless another one is requested.
    public static var defaultBufferSize: Int { NetlinkConnection.defaultBufferSize }

    /// Creates a connection over a channel, which it closes when it is destroyed. Datagrams may initially have up to
    /// `bufferSize` bytes.
    public init(_ channel: any Channel, family name: String, bufferSize: Int = defaultBufferSize) {
        netlink = NetlinkConnection(channel, bufferSize: bufferSize)
        self.name = name
    }

    /// The channel; nil after the connection was closed.
    public var channel: (any Channel)? { netlink.channel }

    /// Closes the channel. Later requests throw ``NetlinkConnection/Failure/closed``.
    public mutating func close() { netlink.close() }

    /// Makes a request of the family and folds the messages of its reply into a result. If the request has to be
    /// repeated, as after a list that changed meanwhile, the result starts again with `initial`.
    @inlinable
    public mutating func exchange<Result>(
        _ request: borrowing some NetlinkRequest,
        isRead: Bool,
        _ initial: () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        let known = try knownFamily()
        do throws(Failure) {
            return try netlink.exchange(request, type: known, isRead: isRead, .generic(known), initial, fold)
        } catch .kernel(let answer) where answer.isNotFound {
            // Either the command reports this error, or the module was unloaded and the family's number is no longer
            // valid.
            let current = try resolveFamily()
            guard current != known else { throw .kernel(answer) }
            return try netlink.exchange(request, type: current, isRead: isRead, .generic(current), initial, fold)
        } catch .interrupted where isRead {
            return try netlink.exchange(request, type: known, isRead: isRead, .generic(known), initial, fold)
        }
    }

    /// The number of the family, which is looked up if necessary.
    @usableFromInline
    mutating func knownFamily() throws(Failure) -> UInt16 {
        if let family { return family }
        return try resolveFamily()
    }

    /// Looks up the number of the family. It must be known before any request: the kernel acknowledges a message of
    /// type 0 without doing anything.
    @discardableResult
    public mutating func resolveFamily() throws(Failure) -> UInt16 {
        family = nil
        let controller = UInt16(GENL_ID_CTRL)
        let type: UInt16?
        do throws(Failure) {
            let query = FamilyQuery(name: name)
            type = try netlink.exchange(query, type: controller, isRead: true, .generic(controller), { nil as UInt16? })
            {
                (family, bytes) throws(MalformedReply) in
                var cursor = AttributeCursor(.control)
                while let attribute = try cursor.next(in: bytes) {
                    guard attribute.type == Int(CTRL_ATTR_FAMILY_ID) else { continue }
                    family = try bytes.read(attribute, as: UInt16.self)
                }
            }
        } catch .kernel(let answer) where answer.isNotFound {
            throw .familyNotFound(answer)
        }
        guard let type, type >= UInt16(NLMSG_MIN_TYPE) else {
            throw .malformed(AttributeSet.control.missing(Int(CTRL_ATTR_FAMILY_ID)))
        }
        family = type
        return type
    }

    /// Lends a buffer for the requests of a batch. The buffer keeps its templates from one batch to the next.
    public mutating func takeBuffer() -> RequestBuffer { bulk.take() ?? RequestBuffer() }

    /// Takes a buffer back and leaves an empty one in its place.
    public mutating func giveBack(_ buffer: inout RequestBuffer) {
        var lent = RequestBuffer(capacity: 0)
        swap(&lent, &buffer)
        lent.removeAll()
        bulk = consume lent
    }
}

/// A request to the controller for the number of a family. The kernel loads the family's module if necessary.
private struct FamilyQuery: NetlinkRequest {
    let name: String

    var shape: RequestShape { RequestShape(number: UInt64(CTRL_CMD_GETFAMILY)) }

    func begin(_ message: inout Message) {
        message.begin(flags: UInt16(NLM_F_REQUEST | NLM_F_ACK), command: UInt8(CTRL_CMD_GETFAMILY), version: 1)
    }

    func put(into message: inout some AttributeWriter & ~Copyable) {
        message.put(Int(CTRL_ATTR_FAMILY_NAME), name)
    }
}

extension NetlinkConnection.ReplyFormat {
    /// The format of messages of a generic netlink family.
    @usableFromInline
    static func generic(_ family: UInt16) -> Self { Self(type: family, headerLength: Framing.genericHeaderLength) }
}

extension KernelAnswer {
    @usableFromInline var isNotFound: Bool { errno == ENOENT }
}
