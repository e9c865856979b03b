import CIPVS
import Netlink

/// A request to IPVS that can be encoded.
protocol EncodableRequest: NetlinkRequest {
    /// The generic netlink command.
    var command: UInt8 { get }

    /// The flags of the netlink header if the request is sent on its own.
    var flags: UInt16 { get }

    /// Refuses values that no kernel accepts.
    func validate() throws(InvalidValue)

    /// The request as the value that errors refer to.
    var request: Request { get }
}

extension EncodableRequest {
    func begin(_ message: inout Message) {
        message.begin(flags: flags, command: command, version: UInt8(IPVS_GENL_VERSION))
    }
}

extension Request: EncodableRequest {
    var request: Request { self }

    /// An approximation. If it is wrong, the template doesn't match, which is detected.
    var shape: RequestShape {
        switch self {
        case .addVirtualServer(let server), .updateVirtualServer(let server):
            RequestShape(
                command,
                flags,
                server.id,
                lengths: server.scheduler.rawValue.utf8.count,
                server.persistenceEngine?.rawValue.utf8.count ?? 0
            )
        case .deleteVirtualServer(let id), .readVirtualServer(let id), .addRealServer(_, let id),
            .updateRealServer(_, let id), .deleteRealServer(_, let id), .readRealServers(let id),
            .zeroCounters(let id?):
            RequestShape(command, flags, id)
        case .readVirtualServers, .flush, .zeroCounters(nil), .readTimeouts, .setTimeouts, .readInfo, .startDaemon,
            .stopDaemon, .readDaemons:
            RequestShape(command, flags, nil)
        }
    }
}

extension RequestShape {
    /// The shape of a command. Headers are part of it, so those with other flags have another one.
    fileprivate init(
        _ command: UInt8,
        _ flags: UInt16,
        _ id: VirtualServer.Identity?,
        lengths first: Int = 0,
        _ second: Int = 0
    ) {
        let identity: UInt64 =
            switch id {
            case nil: 0
            case .endpoint: 1
            case .firewallMark: 2
            }
        let lengths = UInt64(UInt16(truncatingIfNeeded: first)) << 32 | UInt64(UInt16(truncatingIfNeeded: second)) << 48
        self.init(number: UInt64(command) | identity << 8 | UInt64(flags) << 16 | lengths)
    }
}

/// A request to add or update a real server, the most frequent one in bulk changes. Unlike ``Request`` it contains no
/// strings, which take time to copy.
struct RealServerRequest: EncodableRequest {
    enum Kind { case add, update }

    let kind: Kind
    let server: RealServer
    let id: VirtualServer.Identity

    var command: UInt8 { UInt8(kind == .add ? IPVS_CMD_NEW_DEST : IPVS_CMD_SET_DEST) }

    var flags: UInt16 { Request.changeFlags }

    var shape: RequestShape { RequestShape(command, flags, id) }

    func validate() throws(InvalidValue) { try server.validate(for: id) }

    func put(into message: inout some AttributeWriter & ~Copyable) {
        message.putService(id)
        message.putDestination(server)
    }

    var request: Request { kind == .add ? .addRealServer(server, id) : .updateRealServer(server, id) }
}

extension Request {
    /// Decodes a change of a virtual or real server from the bytes that were sent. Changes rarely fail, so they are not
    /// stored for their errors.
    init(command: UInt8, decodingSent bytes: RawSpan) {
        do throws(MalformedReply) {
            self = try Self.decode(command, bytes)
        } catch {
            preconditionFailure("an encoder puts what the decoder can't read: \(error)")
        }
    }

    private static func decode(_ command: UInt8, _ bytes: RawSpan) throws(MalformedReply) -> Request {
        let service = bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_SERVICE))
        switch Int(command) {
        case IPVS_CMD_NEW_SERVICE: return .addVirtualServer(try VirtualServer(decoding: service))
        case IPVS_CMD_SET_SERVICE: return .updateVirtualServer(try VirtualServer(decoding: service))
        case IPVS_CMD_DEL_SERVICE: return .deleteVirtualServer(try VirtualServer.decodeIdentity(service))
        default: break
        }
        let id = try VirtualServer.decodeIdentity(service)
        let destination = bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_DEST))
        if Int(command) == IPVS_CMD_DEL_DEST {
            return .deleteRealServer(try RealServer.decodeEndpoint(destination, serviceFamily: id.family), id)
        }
        let server = try RealServer(decoding: destination, serviceFamily: id.family)
        return Int(command) == IPVS_CMD_NEW_DEST ? .addRealServer(server, id) : .updateRealServer(server, id)
    }
}
