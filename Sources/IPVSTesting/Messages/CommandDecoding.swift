import CIPVS
import IPVS
import Netlink

extension InMemoryKernel.Command {
    /// Decodes the command of a message of the family.
    init(_ message: ReceivedMessage) {
        let command = message.command ?? 0
        do throws(MalformedReply) {
            self = try unsafe Self.decode(Int(command), message.isDump, message.attributes.span.bytes)
        } catch {
            self = .other(command)
        }
    }

    private static func decode(_ command: Int, _ isDump: Bool, _ bytes: RawSpan) throws(MalformedReply) -> Self {
        switch (command, isDump) {
        case (IPVS_CMD_GET_SERVICE, true): .listVirtualServers
        case (IPVS_CMD_GET_DAEMON, true): .listSyncDaemons
        case (IPVS_CMD_GET_DEST, true): .listRealServers(of: try identity(bytes))
        case (_, true): throw MalformedReply(attribute: "a command", problem: "is not a list")
        case (IPVS_CMD_NEW_SERVICE, _): .addVirtualServer(try server(bytes))
        case (IPVS_CMD_SET_SERVICE, _): .updateVirtualServer(try server(bytes))
        case (IPVS_CMD_DEL_SERVICE, _): .deleteVirtualServer(try identity(bytes))
        case (IPVS_CMD_GET_SERVICE, _): .readVirtualServer(try identity(bytes))
        case (IPVS_CMD_NEW_DEST, _): .addRealServer(try realServer(bytes), to: try identity(bytes))
        case (IPVS_CMD_SET_DEST, _): .updateRealServer(try realServer(bytes), of: try identity(bytes))
        case (IPVS_CMD_DEL_DEST, _): .deleteRealServer(try endpoint(bytes), from: try identity(bytes))
        case (IPVS_CMD_NEW_DAEMON, _):
            .startSyncDaemon(try SyncDaemon(decoding: bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_DAEMON))))
        case (IPVS_CMD_DEL_DAEMON, _): .stopSyncDaemon(try role(bytes))
        case (IPVS_CMD_SET_CONFIG, _): .setTimeouts(try Timeouts(decoding: bytes).withoutZeros)
        case (IPVS_CMD_GET_CONFIG, _): .readTimeouts
        case (IPVS_CMD_GET_INFO, _): .readInfo
        case (IPVS_CMD_ZERO, _): .zeroCounters(bytes.isEmpty ? nil : try identity(bytes))
        case (IPVS_CMD_FLUSH, _): .flush
        default: .other(UInt8(truncatingIfNeeded: command))
        }
    }

    private static func identity(_ bytes: RawSpan) throws(MalformedReply) -> VirtualServer.Identity {
        try VirtualServer.decodeIdentity(bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_SERVICE)))
    }

    private static func server(_ bytes: RawSpan) throws(MalformedReply) -> VirtualServer {
        try VirtualServer(decoding: bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_SERVICE)))
    }

    private static func realServer(_ bytes: RawSpan) throws(MalformedReply) -> RealServer {
        let family = try identity(bytes).family
        return try RealServer(
            decoding: bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_DEST)),
            serviceFamily: family
        )
    }

    private static func endpoint(_ bytes: RawSpan) throws(MalformedReply) -> Endpoint {
        let family = try identity(bytes).family
        return try RealServer.decodeEndpoint(
            bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_DEST)),
            serviceFamily: family
        )
    }

    private static func role(_ bytes: RawSpan) throws(MalformedReply) -> SyncDaemon.Role {
        let payload = bytes.extracting(try bytes.payload(of: IPVS_CMD_ATTR_DAEMON))
        var cursor = AttributeCursor(.command)
        while let attribute = try cursor.next(in: payload) {
            guard attribute.type == IPVS_DAEMON_ATTR_STATE else { continue }
            if let role = SyncDaemon.Role(rawValue: try payload.read(attribute, as: UInt32.self)) { return role }
        }
        throw MalformedReply(attribute: "a sync daemon", problem: "has no role")
    }
}

extension Timeouts {
    /// The timeouts that a command sets: 0 stands for those that it does not set.
    fileprivate var withoutZeros: Timeouts {
        func value(_ timeout: UInt32?) -> UInt32? { timeout == 0 ? nil : timeout }
        return Timeouts(tcp: value(tcp), tcpFIN: value(tcpFIN), udp: value(udp))
    }
}
