import CIPVS

/// A request to the kernel, with all that it carries: one value for what is checked, encoded, sent and, if it fails,
/// told.
enum Request: Hashable, Sendable {
    /// Asks the generic netlink controller for the number of IPVS's family; the kernel loads the module for it.
    case resolveFamily
    case addService(VirtualServer)
    case updateService(VirtualServer)
    case deleteService(VirtualServer.Identity)
    case readService(VirtualServer.Identity)
    case readServices
    case addDestination(RealServer, VirtualServer.Identity)
    case updateDestination(RealServer, VirtualServer.Identity)
    case deleteDestination(Endpoint, VirtualServer.Identity)
    case readDestinations(VirtualServer.Identity)
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
    /// Refuses what no kernel could accept.
    func validate() throws(InvalidValue) {
        switch self {
        case .addService(let server), .updateService(let server): try server.validate()
        case .addDestination(let server, let id), .updateDestination(let server, let id): try server.validate(for: id)
        case .deleteService(let id), .readService(let id), .deleteDestination(_, let id), .readDestinations(let id),
            .zeroCounters(let id?):
            try id.validate()
        case .setTimeouts(let timeouts): try timeouts.validate()
        case .startDaemon(let daemon): try daemon.validate()
        case .resolveFamily, .readServices, .flush, .zeroCounters(nil), .readTimeouts, .readInfo, .stopDaemon,
            .readDaemons:
            break
        }
    }

    /// The generic netlink command: of IPVS's family, but for `resolveFamily`.
    var command: UInt8 {
        let command =
            switch self {
            case .resolveFamily: CTRL_CMD_GETFAMILY
            case .addService: IPVS_CMD_NEW_SERVICE
            case .updateService: IPVS_CMD_SET_SERVICE
            case .deleteService: IPVS_CMD_DEL_SERVICE
            case .readService, .readServices: IPVS_CMD_GET_SERVICE
            case .addDestination: IPVS_CMD_NEW_DEST
            case .updateDestination: IPVS_CMD_SET_DEST
            case .deleteDestination: IPVS_CMD_DEL_DEST
            case .readDestinations: IPVS_CMD_GET_DEST
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

    /// The header's flags. An answer is always asked for, and each list is a dump.
    var flags: UInt16 {
        let request = UInt16(NLM_F_REQUEST | NLM_F_ACK)
        switch self {
        case .readServices, .readDestinations, .readDaemons: return request | UInt16(NLM_F_ROOT | NLM_F_MATCH)
        default: return request
        }
    }

    /// Whether it changes nothing, so that it can be sent again where an answer was lost.
    var isRead: Bool {
        switch self {
        case .resolveFamily, .readService, .readServices, .readDestinations, .readTimeouts, .readInfo, .readDaemons:
            true
        case .addService, .updateService, .deleteService, .addDestination, .updateDestination, .deleteDestination,
            .flush, .zeroCounters, .setTimeouts, .startDaemon, .stopDaemon:
            false
        }
    }

    /// Puts the attributes that the kernel needs for the command.
    func put(into message: inout some AttributeWriter & ~Copyable) {
        switch self {
        case .resolveFamily:
            message.put(Int(CTRL_ATTR_FAMILY_NAME), IPVS_GENL_NAME)
        case .addService(let server), .updateService(let server):
            message.putService(server)
        case .deleteService(let id), .readService(let id), .readDestinations(let id), .zeroCounters(let id?):
            message.putService(id)
        case .addDestination(let server, let id), .updateDestination(let server, let id):
            message.putService(id)
            message.putDestination(server)
        case .deleteDestination(let endpoint, let id):
            message.putService(id)
            message.putDestination(endpoint)
        case .setTimeouts(let timeouts):
            message.putTimeouts(timeouts)
        case .startDaemon(let daemon):
            message.putDaemon(daemon)
        case .stopDaemon(let role):
            message.putDaemon(role)
        case .readServices, .flush, .zeroCounters(nil), .readTimeouts, .readInfo, .readDaemons:
            break
        }
    }
}
