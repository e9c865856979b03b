import CNetfilter
import Netlink

// The kernel has all numbers in network byte order.

/// A chain of any table.
struct SeenChain {
    let family: UInt8
    let table: String
    let name: String

    /// Where the kernel calls it; nil for a chain that others jump to.
    let hook: Hook?

    struct Hook: Equatable {
        let type: String
        let point: UInt32
        let priority: Int32
        let accepts: Bool
    }

    /// Decodes the payload of an `NFT_MSG_NEWCHAIN` message.
    init(decoding bytes: RawSpan) throws(MalformedReply) {
        family = try bytes.family
        var (table, name, type) = ("", "", "")
        var place: (point: UInt32, priority: Int32)?
        var accepts = true
        var cursor = AttributeCursor(.chain, from: MemoryLayout<nfgenmsg>.size)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case Number.chainTable: table = try bytes.readString(attribute)
            case Number.chainName: name = try bytes.readString(attribute)
            case Number.chainType: type = try bytes.readString(attribute)
            case Number.chainPolicy: accepts = try bytes.readNumber(attribute) != 0
            case Number.chainHook:
                let nested = bytes.extracting(attribute.payload)
                var (point, priority) = (UInt32(0), UInt32(0))
                var hook = AttributeCursor(.hook)
                while let attribute = try hook.next(in: nested) {
                    if attribute.type == Number.hookPoint { point = try nested.readNumber(attribute) }
                    if attribute.type == Number.hookPriority { priority = try nested.readNumber(attribute) }
                }
                place = (point, Int32(bitPattern: priority))
            default: break
            }
        }
        (self.table, self.name) = (table, name)
        hook = place.map { Hook(type: type, point: $0.point, priority: $0.priority, accepts: accepts) }
    }
}

/// A set or map.
struct SeenSet {
    let table: String
    let name: String
    let flags: UInt32
    let keyLength: Int
    let dataType: UInt32
    let dataLength: Int

    /// Whether its elements have more than keys and values, or their number is limited.
    let hasExtras: Bool

    /// Whether it belongs to a single rule.
    var isAnonymous: Bool { flags & NFT_SET_ANONYMOUS.rawValue != 0 }

    /// Decodes the payload of an `NFT_MSG_NEWSET` message.
    init(decoding bytes: RawSpan) throws(MalformedReply) {
        var (table, name) = ("", "")
        var (flags, keyLength, dataType, dataLength) = (UInt32(0), UInt32(0), UInt32(0), UInt32(0))
        var hasExtras = false
        var cursor = AttributeCursor(.set, from: MemoryLayout<nfgenmsg>.size)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case Number.setTable: table = try bytes.readString(attribute)
            case Number.setName: name = try bytes.readString(attribute)
            case Number.setFlags: flags = try bytes.readNumber(attribute)
            case Number.setKeyLength: keyLength = try bytes.readNumber(attribute)
            case Number.setDataType: dataType = try bytes.readNumber(attribute)
            case Number.setDataLength: dataLength = try bytes.readNumber(attribute)
            case Number.setExpression, Number.setExpressions: hasExtras = true
            case Number.setDescription:
                let nested = bytes.extracting(attribute.payload)
                var description = AttributeCursor(.setDescription)
                while let attribute = try description.next(in: nested) {
                    if attribute.type == Number.setSize { hasExtras = true }
                }
            default: break
            }
        }
        (self.table, self.name, self.flags) = (table, name, flags)
        (self.keyLength, self.dataType, self.dataLength) = (Int(keyLength), dataType, Int(dataLength))
        self.hasExtras = hasExtras
    }

    /// Whether it has the form of one of the table's own.
    func isLike(_ set: NamedSet) -> Bool {
        // Newer libraries mark keys of several parts.
        let isPlain = flags & ~(NFT_SET_MAP.rawValue | Self.concatenated) == 0
        let isMap = flags & NFT_SET_MAP.rawValue != 0
        guard isPlain, !hasExtras, keyLength == set.keyLength, isMap == (set.values != .none) else { return false }
        return switch set.values {
        case .none: true
        case .endpoints: dataType != Self.verdicts && dataLength == set.valueLength
        case .verdicts: dataType == Self.verdicts
        }
    }

    private static let concatenated = NFT_SET_CONCAT.rawValue
    private static let verdicts: UInt32 = 0xffff_ff00
}

extension RawSpan {
    /// The protocol family in a message's header.
    var family: UInt8 {
        get throws(MalformedReply) {
            guard byteCount >= MemoryLayout<nfgenmsg>.size else {
                throw MalformedReply(attribute: "a message of the packet filter", problem: "has no header")
            }
            return integer(at: 0, as: UInt8.self)
        }
    }

    /// Calls `body` with the name of each set that the expressions of a rule look something up in.
    func forEachLookup(_ body: (String) -> Void) throws(MalformedReply) {
        var list = AttributeCursor(.list)
        while let item = try list.next(in: self) {
            let expression = extracting(item.payload)
            var isLookup = false
            var cursor = AttributeCursor(.expression)
            while let attribute = try cursor.next(in: expression) {
                switch attribute.type {
                case Number.expressionName:
                    // Most expressions are others, and needn't be read.
                    let hasLength = attribute.payload.count == Self.lookup.utf8.count + 1
                    isLookup = hasLength ? try expression.readString(attribute) == Self.lookup : false
                case Number.expressionData where isLookup:
                    let lookup = expression.extracting(attribute.payload)
                    var parts = AttributeCursor(.lookup)
                    while let part = try parts.next(in: lookup) {
                        if part.type == Number.lookupSet { body(try lookup.readString(part)) }
                    }
                default: break
                }
            }
        }
    }

    private static let lookup = "lookup"

    /// The value of an attribute as a number in network byte order.
    func readNumber(_ attribute: Attribute) throws(MalformedReply) -> UInt32 {
        UInt32(bigEndian: try read(attribute, as: UInt32.self))
    }
}
