import CNetfilter
import IPVSProxy
import Netlink

/// Reads the rules of a network namespace by netlink, as libnftables would need much more memory for thousands of elements.
final class RulesetReader: Sendable {
    typealias Failure = NetlinkConnection.Failure

    private let connection: Lock<NetlinkConnection>

    init(_ channel: any Channel) { connection = Lock(NetlinkConnection(channel)) }

    /// The number of the last transaction that changed any rules.
    func generation() throws(Failure) -> UInt32 {
        let number = try ask(.generation, UInt32?.none) { (number, bytes) throws(MalformedReply) in
            var cursor = AttributeCursor(.generation, from: MemoryLayout<nfgenmsg>.size)
            while let attribute = try cursor.next(in: bytes) {
                if attribute.type == Number.generation { number = try bytes.readNumber(attribute) }
            }
        }
        guard let number else { throw .malformed(AttributeSet.generation.missing(Number.generation)) }
        return number
    }

    /// The flags of an `inet` table; nil if there is none with this name.
    func flags(ofTable name: String) throws(Failure) -> UInt32? {
        do throws(Failure) {
            return try ask(.table(name), UInt32(0)) { (flags, bytes) throws(MalformedReply) in
                var cursor = AttributeCursor(.table, from: MemoryLayout<nfgenmsg>.size)
                while let attribute = try cursor.next(in: bytes) {
                    if attribute.type == Number.tableFlags { flags = try bytes.readNumber(attribute) }
                }
            }
        } catch .kernel(let answer) where answer.errno == ENOENT {
            return nil
        }
    }

    /// The chains of the tables of a protocol family, or of all.
    func chains(_ family: NetfilterRequest.Family) throws(Failure) -> [SeenChain] {
        try ask(.chains(family), [SeenChain]()) { (chains, bytes) throws(MalformedReply) in
            chains.append(try SeenChain(decoding: bytes))
        }
    }

    /// The sets of an `inet` table, those of single rules too.
    func sets(ofTable table: String) throws(Failure) -> [SeenSet] {
        try ask(.sets(table: table), [SeenSet]()) { (sets, bytes) throws(MalformedReply) in
            let set = try SeenSet(decoding: bytes)
            if try bytes.family == NetfilterRequest.Family.inet.rawValue, set.table == table { sets.append(set) }
        }
    }

    /// The fingerprints of the chains of an `inet` table that have rules, or of one of them: equal if their rules are.
    func fingerprints(ofTable table: String, chain: String? = nil) throws(Failure) -> [String: UInt64] {
        let request = NetfilterRequest.rules(table: table, chain: chain)
        typealias Seen = (hashes: [String: StableHash], sets: [String: [String]])
        var seen = try ask(request, Seen([:], [:])) { (seen, bytes) throws(MalformedReply) in
            guard try bytes.family == NetfilterRequest.Family.inet.rawValue else { return }
            var name = ""
            var isOwn = false
            // Everything but where the rule is.
            var places: [Range<Int>] = []
            var sets: [String] = []
            var cursor = AttributeCursor(.rule, from: MemoryLayout<nfgenmsg>.size)
            while let attribute = try cursor.next(in: bytes) {
                switch attribute.type {
                case Number.ruleTable: isOwn = try bytes.readString(attribute) == table
                case Number.ruleChain: name = try bytes.readString(attribute)
                case Number.ruleHandle, Number.rulePosition: break
                case Number.ruleExpressions:
                    places.append(attribute.payload)
                    try bytes.extracting(attribute.payload).forEachLookup { sets.append($0) }
                default: places.append(attribute.payload)
                }
            }
            guard isOwn else { return }
            guard sets.allSatisfy({ $0.utf8.count < Int(NFT_NAME_MAXLEN) }) else {
                throw MalformedReply(attribute: "a rule", problem: "has a set with a name that no set can have")
            }
            var hash = seen.hashes[name] ?? StableHash()
            if seen.hashes[name] == nil { hash.combine(name.utf8) }
            for place in places {
                unsafe bytes.extracting(place).withUnsafeBytes { bytes in unsafe hash.combine(bytes) }
            }
            seen.hashes[name] = hash
            if !sets.isEmpty { seen.sets[name, default: []] += sets }
        }
        // A rule has no more of its own set than a name, which the set of another rule can get later.
        for (chain, sets) in seen.sets {
            for set in sets where !NamedSet.names.contains(set) {
                let elements = try fingerprint(ofSet: set, inTable: table)
                seen.hashes[chain]?.combine(String(elements, radix: 16).utf8)
            }
        }
        return seen.hashes.mapValues(\.value)
    }

    /// The fingerprint of a set's elements, in whatever order the kernel has them.
    private func fingerprint(ofSet set: String, inTable table: String) throws(Failure) -> UInt64 {
        try ask(.elements(table: table, set: set), UInt64(0)) { (sum, bytes) throws(MalformedReply) in
            try bytes.forEachElement { element in
                var hash = StableHash()
                unsafe element.withUnsafeBytes { bytes in unsafe hash.combine(bytes) }
                sum &+= hash.value
            }
        }
    }

    /// Calls `body` with the elements of a set, and with nil for those that rules have no key for.
    func elements(
        of set: NamedSet,
        inTable table: String,
        _ body: (SeenElement?) -> Void
    ) throws(Failure) {
        try ask(.elements(table: table, set: set.name), ()) { (_, bytes) throws(MalformedReply) in
            try SeenElement.forEach(in: bytes, of: set, body)
        }
    }

    /// The names of the sets of ipset; none if the kernel has no ipset.
    func ipsets() throws(Failure) -> [String] {
        do throws(Failure) {
            return try ask(.ipsets, [String]()) { (names, bytes) throws(MalformedReply) in
                var cursor = AttributeCursor(.ipset, from: MemoryLayout<nfgenmsg>.size)
                while let attribute = try cursor.next(in: bytes) {
                    if attribute.type == IPSet.name { names.append(try bytes.readString(attribute)) }
                }
            }
        } catch .kernel(let answer) where answer.errno == EINVAL {
            return []
        }
    }

    private func ask<Result>(
        _ request: NetfilterRequest,
        _ initial: @autoclosure () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(Failure) -> Result {
        let format = NetlinkConnection.ReplyFormat(type: request.replyType, headerLength: 0)
        return try connection.withLock { (connection) throws(Failure) in
            try connection.exchange(request, isRead: true, format, initial, fold)
        }
    }
}
