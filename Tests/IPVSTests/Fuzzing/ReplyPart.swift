import CNetlinkShim
import IPVSFuzzing

@testable import IPVS
@testable import Netlink

/// A part of a reply that has a decoder of its own.
enum ReplyPart: CaseIterable {
    case virtualServer, realServerOfIPv4, realServerOfIPv6, syncDaemon, timeouts, info, statistics, family, error, done

    /// Decodes bytes, and throws `MalformedReply` if they are no such part.
    func check(_ bytes: [UInt8]) throws {
        let span = bytes.span.bytes
        switch self {
        case .virtualServer:
            let status = try VirtualServer.Status(decoding: span)
            try status.server.checkRoundTrip()
            try status.statistics.checkRoundTrip()
        case .realServerOfIPv4: try Self.checkRealServer(bytes, .ipv4)
        case .realServerOfIPv6: try Self.checkRealServer(bytes, .ipv6)
        case .syncDaemon: try SyncDaemon(decoding: span).checkRoundTrip()
        case .timeouts: try Timeouts(decoding: span).checkRoundTrip()
        case .info: try KernelInfo(decoding: span).checkRoundTrip()
        case .statistics: try Statistics(decoding: span).checkRoundTrip()
        case .family: try Self.checkFamily(bytes)
        case .error: try Self.checkAnswer(UInt16(NLMSG_ERROR), bytes)
        case .done: try Self.checkAnswer(UInt16(NLMSG_DONE), bytes)
        }
    }

    private static func checkRealServer(_ bytes: [UInt8], _ family: IPAddress.Family) throws {
        let status = try RealServer.Status(decoding: bytes.span.bytes, serviceFamily: family)
        try status.statistics.checkRoundTrip()
        try status.server.checkRoundTrip(in: .firewallMark(1, status.server.endpoint.address.family))
    }

    /// The attributes of the controller are only read while a handle is opened.
    private static func checkFamily(_ bytes: [UInt8]) throws {
        let channel = ScriptedChannel([.take, .deliver([.message(bytes)]), .deliver([.ack])])
        do {
            let handle = try Handle(channel: channel)
            let family = handle.connection.withLock { $0.family } ?? 0
            try hold(family >= UInt16(NLMSG_MIN_TYPE), "the number of the family is \(family)")
        } catch let error as IPVSError {
            try hold(error.code == .malformedReply, "\(error)")
        }
        try hold(channel.stepsLeft == 0, "the answer was not read to its end")
    }

    /// The first byte has the flags of the header that concern an answer.
    private static func checkAnswer(_ type: UInt16, _ bytes: [UInt8]) throws {
        let flags = UInt16(bytes.first ?? 0) << 8
        let payload = bytes.dropFirst()
        let message = [UInt8](UInt32(payload.count + 16)) + Array(type) + Array(flags) + Array(UInt64(0)) + payload
        var cursor = NetlinkCursor()
        guard let header = try cursor.next(in: message.span.bytes) else { throw FuzzFailure("no message was read") }
        let answer = try KernelAnswer(header, in: message.span.bytes)
        try hold(answer.errno >= 0, "an error number is \(answer.errno)")
        try IPVSError(Request.flush, .kernel(answer)).check()
    }
}
