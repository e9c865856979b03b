import CIPVS
import Testing

@testable import IPVS
@testable import Netlink

/// Replies that no kernel should send: captured ones, truncated or changed. Each is an error or a value; a trap would
/// end the test run.
@Suite("Damaged replies")
struct MutatedReplyTests {
    struct Captured: Hashable {
        let request: [UInt8]
        let payload: [UInt8]
    }

    /// Each captured reply once, and only one of those that have the same lengths.
    static let replies: [Captured] = {
        var shapes: Set<[Int]> = []
        var replies: [Captured] = []
        for message in Capture.all.flatMap(\.exchanges).flatMap(\.messages) {
            for payload in message.replies.compactMap(\.payload) {
                let reply = Captured(request: [UInt8](hex: message.request), payload: [UInt8](hex: payload))
                let tree = AttributeTree(message: reply.payload, nests: nests(reply.payload[0]))
                let shape = tree.values.keys.sorted().flatMap { key in
                    [key.hashValue, tree.values[key]?.count ?? 0]
                }
                if shapes.insert([Int(reply.payload[0])] + shape).inserted { replies.append(reply) }
            }
        }
        return replies
    }()

    private static func nests(_ command: UInt8) -> Set<UInt16> {
        // The attributes of the version and of timeouts are numbers, not nested, except for 1 to 3.
        Int(command) == IPVS_CMD_SET_INFO ? [] : [1, 2, 3]
    }

    @Test func everyPrefix() throws {
        var count = 0
        for reply in Self.replies {
            for length in 0..<reply.payload.count {
                _ = outcome(of: Array(reply.payload.prefix(length)), to: reply.request)
                count += 1
            }
            // The complete reply can be decoded, so the damage above was to something readable.
            let whole = outcome(of: reply.payload, to: reply.request)
            #expect(throws: Never.self) { try whole.get() }
        }
        print("\(count) prefixes of \(Self.replies.count) kinds of captured replies")
        #expect(Self.replies.count >= 10)
    }

    @Test func everyChangedByte() throws {
        var count = 0
        var errors = 0
        for reply in Self.replies {
            var payload = reply.payload
            for index in payload.indices {
                let original = payload[index]
                for change in 1...UInt8.max {
                    payload[index] = original ^ change
                    if case .failure = outcome(of: payload, to: reply.request) { errors += 1 }
                    count += 1
                }
                payload[index] = original
            }
        }
        print("\(count) changes of a byte in \(Self.replies.count) kinds of captured replies, \(errors) noticed")
        #expect(errors > 0 && errors < count)
    }

    /// Nothing is skipped silently: the error for a missing attribute that the kernel always sends names it.
    @Test func aCutServiceNamesWhatIsMissing() throws {
        let server = VirtualServer(.tcp(IPAddress(10, 0, 0, 1), 80))
        let bytes = Array(encode(command: 1) { $0.putService(server) }.dropFirst(8))
        var cursor = AttributeCursor(.service)
        var ends: [Int] = [0]
        while let attribute = try cursor.next(in: bytes.span.bytes) {
            ends.append(Framing.aligned(attribute.payload.upperBound))
        }
        let missing = ends.dropLast().map { end -> String in
            do throws(MalformedReply) {
                _ = try VirtualServer(decoding: bytes.span.bytes.extracting(0..<end))
                return "nothing"
            } catch {
                return error.description
            }
        }
        #expect(
            missing == [
                "IPVS_SVC_ATTR_AF is missing", "IPVS_SVC_ATTR_PROTOCOL is missing", "IPVS_SVC_ATTR_ADDR is missing",
                "IPVS_SVC_ATTR_PORT is missing", "IPVS_SVC_ATTR_SCHED_NAME is missing",
                "IPVS_SVC_ATTR_FLAGS is missing", "IPVS_SVC_ATTR_TIMEOUT is missing",
                "IPVS_SVC_ATTR_NETMASK is missing",
            ]
        )
    }

    private func outcome(of payload: [UInt8], to request: [UInt8]) -> Result<Void, MalformedReply> {
        guard payload.count >= 4 else { return .failure(MalformedReply(attribute: "a message", problem: "is short")) }
        let bytes = payload.span.bytes.extracting(droppingFirst: 4)
        do throws(MalformedReply) {
            switch Int(request[0]) {
            case IPVS_CMD_GET_INFO: _ = try KernelInfo(decoding: bytes)
            case IPVS_CMD_GET_CONFIG: _ = try Timeouts(decoding: bytes)
            case IPVS_CMD_GET_DAEMON:
                _ = try SyncDaemon(decoding: bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_DAEMON)))
            case IPVS_CMD_GET_SERVICE:
                let place = try bytes.payload(of: IPVS_CMD_ATTR_SERVICE)
                _ = try VirtualServer.Status(decoding: bytes.extracting(place))
            default:
                let place = try bytes.payload(of: IPVS_CMD_ATTR_DEST)
                _ = try RealServer.Status(decoding: bytes.extracting(place), serviceFamily: .ipv4)
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }
}
