import CIPVS

@testable import IPVS
@testable import Netlink

// Netlink messages written and read by hand, so that tests don't rely on the code that they test.

extension Array where Element == UInt8 {
    /// The bytes of a number, in the host's order.
    init(_ number: some FixedWidthInteger) {
        self = Swift.withUnsafeBytes(of: number) { Array($0) }
    }

    /// The number at an offset, in the host's order.
    func load<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type, at offset: Int) -> Value {
        withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    }

    /// The bytes, padded with zeros to a multiple of four.
    var padded: [UInt8] { self + Array(repeating: 0, count: (4 - count % 4) % 4) }

    static func attribute(_ type: Int, _ payload: [UInt8]) -> [UInt8] {
        (Array(UInt16(payload.count + 4)) + Array(UInt16(type)) + payload).padded
    }

    static func attribute(_ type: Int, _ number: some FixedWidthInteger) -> [UInt8] {
        attribute(type, Array(number))
    }

    static func attribute(_ type: Int, _ text: String) -> [UInt8] { attribute(type, Array(text.utf8) + [0]) }

    /// The payloads of the attributes by their types, without the flags in the types.
    var attributes: [Int: [UInt8]] {
        var found: [Int: [UInt8]] = [:]
        var offset = 0
        while offset + 4 <= count {
            let length = Int(load(UInt16.self, at: offset))
            let type = Int(load(UInt16.self, at: offset + 2)) & 0x3fff
            found[type] = Array(self[offset + 4..<offset + length])
            offset += (length + 3) / 4 * 4
        }
        return found
    }
}

/// A request as it was sent.
struct SentRequest: Sendable {
    let bytes: [UInt8]

    var type: UInt16 { bytes.load(UInt16.self, at: 4) }
    var flags: UInt16 { bytes.load(UInt16.self, at: 6) }
    var sequence: UInt32 { bytes.load(UInt32.self, at: 8) }
    var port: UInt32 { bytes.load(UInt32.self, at: 12) }
    var command: Int { Int(bytes[16]) }
    var attributes: [Int: [UInt8]] { Array(bytes[20...]).attributes }
}

extension Request {
    /// The request as it would be sent, with arbitrary numbers in its header.
    var sent: SentRequest {
        guard var message = Message() else { return SentRequest(bytes: []) }
        message.begin(type: 0x1d, flags: flags, sequence: 7, port: 9, command: command, version: 1)
        put(into: &message)
        return SentRequest(bytes: message.withBytes { Array($0) })
    }
}

extension VirtualServer {
    /// The kernel's attributes for it within `IPVS_CMD_ATTR_SERVICE`, except for the counters.
    var wire: [UInt8] { Request.addVirtualServer(self).sent.attributes[IPVS_CMD_ATTR_SERVICE] ?? [] }

    /// The attributes of a kernel message about it.
    func reply(_ statistics: Statistics = Statistics()) -> [UInt8] {
        .attribute(IPVS_CMD_ATTR_SERVICE, wire + .attribute(IPVS_SVC_ATTR_STATS64, statistics.wire()))
    }
}

extension RealServer {
    /// The kernel's attributes for it within `IPVS_CMD_ATTR_DEST`, except for counts and counters.
    var wire: [UInt8] {
        Request.addRealServer(self, .firewallMark(1)).sent.attributes[IPVS_CMD_ATTR_DEST] ?? []
    }

    /// The attributes of a kernel message about it.
    func reply(_ statistics: Statistics = Statistics()) -> [UInt8] {
        .attribute(IPVS_CMD_ATTR_DEST, wire + observed(statistics))
    }

    /// 3 active, 2 inactive and 1 persistent connection, and counters.
    func observed(_ statistics: Statistics) -> [UInt8] {
        .attribute(IPVS_DEST_ATTR_ACTIVE_CONNS, UInt32(3)) + .attribute(IPVS_DEST_ATTR_INACT_CONNS, UInt32(2))
            + .attribute(IPVS_DEST_ATTR_PERSIST_CONNS, UInt32(1))
            + .attribute(IPVS_DEST_ATTR_STATS64, statistics.wire())
    }
}

extension Statistics {
    /// The attributes of `STATS64`, or those of `STATS`.
    func wire(narrow: Bool = false) -> [UInt8] {
        let totals = [
            (IPVS_STATS_ATTR_CONNS, connections), (IPVS_STATS_ATTR_INPKTS, incomingPackets),
            (IPVS_STATS_ATTR_OUTPKTS, outgoingPackets), (IPVS_STATS_ATTR_CPS, rates.connections),
            (IPVS_STATS_ATTR_INPPS, rates.incomingPackets), (IPVS_STATS_ATTR_OUTPPS, rates.outgoingPackets),
            (IPVS_STATS_ATTR_INBPS, rates.incomingBytes), (IPVS_STATS_ATTR_OUTBPS, rates.outgoingBytes),
        ]
        let bytes = [(IPVS_STATS_ATTR_INBYTES, incomingBytes), (IPVS_STATS_ATTR_OUTBYTES, outgoingBytes)]
        return totals.flatMap { type, value in
            narrow ? [UInt8].attribute(type, UInt32(truncatingIfNeeded: value)) : .attribute(type, value)
        } + bytes.flatMap { [UInt8].attribute($0, $1) } + .attribute(IPVS_STATS_ATTR_PAD, [])
    }
}
