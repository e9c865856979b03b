import CIPVS
import Netlink

/// A request to the kernel with its values. It is validated, encoded, sent, and reported in errors.
enum Request: Hashable, Sendable {
    case addVirtualServer(VirtualServer)
    case updateVirtualServer(VirtualServer)
    case deleteVirtualServer(VirtualServer.Identity)
    case readVirtualServer(VirtualServer.Identity)
    case readVirtualServers
    case addRealServer(RealServer, VirtualServer.Identity)
    case updateRealServer(RealServer, VirtualServer.Identity)
    case deleteRealServer(Endpoint, VirtualServer.Identity)
    case readRealServers(VirtualServer.Identity)
    case flush
    case zeroCounters(VirtualServer.Identity?)
    case readTimeouts
    case setTimeouts(Timeouts)
    case readInfo
    case startDaemon(SyncDaemon)
    case stopDaemon(SyncDaemon.Role)
    case readDaemons
}

extension Request {
    /// Refuses values that no kernel accepts.
    func validate() throws(InvalidValue) {
        switch self {
        case .addVirtualServer(let server), .updateVirtualServer(let server): try server.validate()
        case .addRealServer(let server, let id), .updateRealServer(let server, let id): try server.validate(for: id)
        case .deleteVirtualServer(let id), .readVirtualServer(let id), .deleteRealServer(_, let id),
            .readRealServers(let id),
            .zeroCounters(let id?):
            try id.validate()
        case .setTimeouts(let timeouts): try timeouts.validate()
        case .startDaemon(let daemon): try daemon.validate()
        case .readVirtualServers, .flush, .zeroCounters(nil), .readTimeouts, .readInfo, .stopDaemon,
            .readDaemons:
            break
        }
    }

    /// The command of the generic netlink family.
    var command: UInt8 {
        let command =
            switch self {
            case .addVirtualServer: IPVS_CMD_NEW_SERVICE
            case .updateVirtualServer: IPVS_CMD_SET_SERVICE
            case .deleteVirtualServer: IPVS_CMD_DEL_SERVICE
            case .readVirtualServer, .readVirtualServers: IPVS_CMD_GET_SERVICE
            case .addRealServer: IPVS_CMD_NEW_DEST
            case .updateRealServer: IPVS_CMD_SET_DEST
            case .deleteRealServer: IPVS_CMD_DEL_DEST
            case .readRealServers: IPVS_CMD_GET_DEST
            case .flush: IPVS_CMD_FLUSH
            case .zeroCounters: IPVS_CMD_ZERO
            case .readTimeouts: IPVS_CMD_GET_CONFIG
            case .setTimeouts: IPVS_CMD_SET_CONFIG
            case .readInfo: IPVS_CMD_GET_INFO
            case .startDaemon: IPVS_CMD_NEW_DAEMON
            case .stopDaemon: IPVS_CMD_DEL_DAEMON
            case .readDaemons: IPVS_CMD_GET_DAEMON
            }
        return UInt8(command)
    }

    /// The flags of the netlink header. Every request asks for an acknowledgement, and lists are dumps.
    var flags: UInt16 {
        switch self {
        case .readVirtualServers, .readRealServers, .readDaemons: Self.changeFlags | UInt16(NLM_F_ROOT | NLM_F_MATCH)
        default: Self.changeFlags
        }
    }

    /// The flags of a request that is not a dump.
    static var changeFlags: UInt16 { UInt16(NLM_F_REQUEST | NLM_F_ACK) }

    /// Whether it changes nothing, so that it can be repeated if its answer was lost.
    var isRead: Bool {
        switch self {
        case .readVirtualServer, .readVirtualServers, .readRealServers, .readTimeouts, .readInfo, .readDaemons:
            true
        case .addVirtualServer, .updateVirtualServer, .deleteVirtualServer, .addRealServer, .updateRealServer,
            .deleteRealServer,
            .flush, .zeroCounters, .setTimeouts, .startDaemon, .stopDaemon:
            false
        }
    }

    /// Puts the attributes of the request.
    func put(into message: inout some AttributeWriter & ~Copyable) {
        switch self {
        case .addVirtualServer(let server), .updateVirtualServer(let server):
            message.putService(server)
        case .deleteVirtualServer(let id), .readVirtualServer(let id), .readRealServers(let id), .zeroCounters(let id?):
            message.putService(id)
        case .addRealServer(let server, let id), .updateRealServer(let server, let id):
            message.putService(id)
            message.putDestination(server)
        case .deleteRealServer(let endpoint, let id):
            message.putService(id)
            message.putDestination(endpoint)
        case .setTimeouts(let timeouts):
            message.putTimeouts(timeouts)
        case .startDaemon(let daemon):
            message.putDaemon(daemon)
        case .stopDaemon(let role):
            message.putDaemon(role)
        case .readVirtualServers, .flush, .zeroCounters(nil), .readTimeouts, .readInfo, .readDaemons:
            break
        }
    }
}
