import CIPVS
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Replies of kernels to ipvsadm")
struct ReplyFixtureTests {
    @Test(arguments: Capture.all)
    func repliesDecode(_ capture: Capture) throws {
        var count = 0
        for exchange in capture.exchanges {
            var seen = Seen()
            for message in exchange.messages {
                for reply in message.replies {
                    try seen.read(reply, to: [UInt8](hex: message.request))
                    count += 1
                }
            }
            // Every listing is written again from the decoded values, and must equal ipvsadm's.
            if let text = seen.listing(for: exchange.command) {
                #expect(text == exchange.stdout, "\(exchange.command)")
            } else {
                #expect(exchange.stdout.trimming(" \n").isEmpty, "\(exchange.command)")
            }
            if exchange.status != 0 {
                let request = try #require(IPVSAdmLine(exchange.command).request)
                let code = IPVSError.Code(errno: seen.errno, of: request)
                #expect(code == Self.codes[exchange.stderr.trimming("\n")], "\(exchange.command): \(exchange.stderr)")
            } else {
                #expect(seen.errno == 0, "\(exchange.command)")
            }
        }
        let total = capture.exchanges.flatMap(\.messages).reduce(0) { $0 + $1.replies.count }
        print("Linux \(capture.kernel): \(count) of \(total) captured replies decoded")
        #expect(count == total && total > 400)
    }

    /// ipvsadm's error message, and the code of the same error here.
    static let codes: [String: IPVSError.Code] = [
        "Service already exists": .virtualServerExists,
        "Scheduler or persistence engine not found": .schedulerNotFound,
        "No such service": .virtualServerNotFound,
        "Service not defined": .virtualServerNotFound,
        "Destination already exists": .realServerExists,
        "No such destination": .realServerNotFound,
        "Invalid operation.  Possibly wrong module version, address not unicast, ...": .invalidValue,
        "No daemon is running": .syncDaemonNotRunning,
    ]
}

/// The decoded replies of one exchange.
struct Seen {
    var info: KernelInfo?
    var services: [VirtualServer.Status] = []
    var order: [VirtualServer.Identity] = []
    var realServers: [VirtualServer.Identity: [RealServer.Status]] = [:]
    var timeouts: Timeouts?
    var daemons: [SyncDaemon] = []
    var errno: Int32 = 0

    mutating func read(_ reply: Capture.Reply, to request: [UInt8]) throws {
        if reply.type != "IPVS" {
            errno = try answer(reply)
            return
        }
        let payload = Array([UInt8](hex: try #require(reply.payload)).dropFirst(4))
        let bytes = payload.span.bytes
        switch Int(request[0]) {
        case IPVS_CMD_GET_INFO: info = try KernelInfo(decoding: bytes)
        case IPVS_CMD_GET_CONFIG: timeouts = try Timeouts(decoding: bytes)
        case IPVS_CMD_GET_DAEMON:
            let place = try bytes.payload(of: IPVS_CMD_ATTR_DAEMON)
            daemons.append(try SyncDaemon(decoding: bytes.extracting(place)))
        case IPVS_CMD_GET_SERVICE:
            let place = try bytes.payload(of: IPVS_CMD_ATTR_SERVICE)
            services.append(try VirtualServer.Status(decoding: bytes.extracting(place)))
        case IPVS_CMD_GET_DEST:
            let asked = Array(request.dropFirst(4))
            let id = try VirtualServer.decodeIdentity(
                asked.span.bytes.extracting(try asked.span.bytes.payload(of: IPVS_CMD_ATTR_SERVICE))
            )
            let place = try bytes.payload(of: IPVS_CMD_ATTR_DEST)
            let server = try RealServer.Status(decoding: bytes.extracting(place), serviceFamily: id.family)
            realServers[id, default: []].append(server)
        default: Issue.record("a reply to command \(request[0])")
        }
    }

    /// The errno of an acknowledgement, an error, or the end of a dump, as a capture has it.
    private func answer(_ reply: Capture.Reply) throws -> Int32 {
        let code = -(try #require(reply.errno))
        let payload = withUnsafeBytes(of: code.littleEndian) { Array($0) }
        let type = try #require(["ERROR": NLMSG_ERROR, "DONE": NLMSG_DONE][reply.type])
        // The captures omit the echo of the request.
        let message = NetlinkMessage(
            type: UInt16(type),
            flags: 0,
            sequence: 0,
            port: 0,
            payload: 0..<payload.count
        )
        return try KernelAnswer(message, in: payload.span.bytes).errno
    }
}
