import CIPVS

/// What can be asked of the kernel's IPVS.
protocol EncodableRequest: BufferedRequest {
    /// The generic netlink command.
    var command: UInt8 { get }

    /// The header's flags, if it is sent by itself.
    var flags: UInt16 { get }

    /// Refuses what no kernel could accept.
    func validate() throws(InvalidValue)

    /// The request as the value that errors are told of.
    var request: Request { get }
}

extension EncodableRequest {
    func begin(_ message: inout Message) {
        message.begin(type: 0, flags: flags, sequence: 0, port: 0, command: command)
    }
}

extension Request: EncodableRequest {
    var request: Request { self }

    typealias Shape = RequestShape

    /// A guess that is good enough: where it is wrong, filling notices.
    var shape: Shape {
        switch self {
        case .addService(let server), .updateService(let server):
            Shape(
                command,
                server.id,
                lengths: server.scheduler.rawValue.utf8.count,
                server.persistenceEngine?.rawValue.utf8.count ?? 0
            )
        case .deleteService(let id), .addDestination(_, let id), .updateDestination(_, let id),
            .deleteDestination(_, let id):
            Shape(command, id)
        default: Shape(number: UInt64(command))
        }
    }
}

extension Request.Shape {
    fileprivate init(
        _ command: UInt8,
        _ id: VirtualServer.Identity,
        lengths first: Int = 0,
        _ second: Int = 0
    ) {
        var number = UInt64(command) | UInt64(first) << 16 | UInt64(second) << 32
        if case .firewallMark = id { number |= 1 << 8 }
        self.init(number: number)
    }
}

/// A real server that is added or updated: what bulk changes have most of. Unlike a ``Request`` it has no text in it,
/// which takes time to copy.
struct DestinationRequest: EncodableRequest {
    enum Kind { case add, update }

    let kind: Kind
    let server: RealServer
    let id: VirtualServer.Identity

    var command: UInt8 { UInt8(kind == .add ? IPVS_CMD_NEW_DEST : IPVS_CMD_SET_DEST) }

    var flags: UInt16 { request.flags }

    var shape: Request.Shape { Request.Shape(command, id) }

    func validate() throws(InvalidValue) { try server.validate(for: id) }

    func put(into message: inout some AttributeWriter & ~Copyable) {
        message.putService(id)
        message.putDestination(server)
    }

    var request: Request { kind == .add ? .addDestination(server, id) : .updateDestination(server, id) }
}

extension Request {
    /// Reads a change of a virtual or real server back from what was sent of it. Nearly no change fails, so none is kept
    /// for the error that would tell of it: the bytes do.
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
        case IPVS_CMD_NEW_SERVICE: return .addService(try VirtualServer(decoding: service))
        case IPVS_CMD_SET_SERVICE: return .updateService(try VirtualServer(decoding: service))
        case IPVS_CMD_DEL_SERVICE: return .deleteService(try VirtualServer.decodeIdentity(service))
        default: break
        }
        let id = try VirtualServer.decodeIdentity(service)
        let destination = bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_DEST))
        if Int(command) == IPVS_CMD_DEL_DEST {
            return .deleteDestination(try RealServer.decodeEndpoint(destination, serviceFamily: id.family), id)
        }
        let server = try RealServer(decoding: destination, serviceFamily: id.family)
        return Int(command) == IPVS_CMD_NEW_DEST ? .addDestination(server, id) : .updateDestination(server, id)
    }
}
