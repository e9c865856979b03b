import CIPVS

// The nested attribute IPVS_CMD_ATTR_DEST: a real server, or what names one.

extension AttributeWriter where Self: ~Copyable {
    /// Puts what names a real server, and nothing else.
    mutating func putDestination(_ endpoint: Endpoint) {
        nest(IPVS_CMD_ATTR_DEST) { $0.putIdentity(endpoint) }
    }

    /// Puts a real server with its whole configuration.
    mutating func putDestination(_ server: RealServer) {
        nest(IPVS_CMD_ATTR_DEST) {
            $0.putIdentity(server.endpoint)
            $0.putConfiguration(of: server)
        }
    }

    private mutating func putIdentity(_ endpoint: Endpoint) {
        put(IPVS_DEST_ATTR_ADDR_FAMILY, endpoint.address.family.rawValue)
        put(IPVS_DEST_ATTR_ADDR, endpoint.address)
        put(IPVS_DEST_ATTR_PORT, endpoint.port.bigEndian)
    }

    private mutating func putConfiguration(of server: RealServer) {
        put(IPVS_DEST_ATTR_FWD_METHOD, server.forwarding.wireNumber)
        put(IPVS_DEST_ATTR_WEIGHT, server.weight)
        put(IPVS_DEST_ATTR_U_THRESH, server.upperThreshold)
        put(IPVS_DEST_ATTR_L_THRESH, server.lowerThreshold)
        // Sent for every method: an update without them would turn any tunnel into IP in IP.
        let tunnel = server.forwarding.tunnel ?? .ipip
        put(IPVS_DEST_ATTR_TUN_TYPE, tunnel.kind.rawValue)
        put(IPVS_DEST_ATTR_TUN_PORT, tunnel.port.bigEndian)
        put(IPVS_DEST_ATTR_TUN_FLAGS, tunnel.checksum.rawValue)
    }
}

extension ForwardingMethod {
    fileprivate var wireNumber: UInt32 {
        switch self {
        case .masquerade: UInt32(IP_VS_CONN_F_MASQ)
        case .local: UInt32(IP_VS_CONN_F_LOCALNODE)
        case .tunnel: UInt32(IP_VS_CONN_F_TUNNEL)
        case .directRouting: UInt32(IP_VS_CONN_F_DROUTE)
        case .bypass: UInt32(IP_VS_CONN_F_BYPASS)
        }
    }

    fileprivate var tunnel: Tunnel? {
        guard case .tunnel(let tunnel) = self else { return nil }
        return tunnel
    }
}

extension RealServer {
    /// What a real server's nested attribute tells.
    struct Decoded {
        var server: RealServer
        var activeConnections: UInt32?
        var inactiveConnections: UInt32?
        var persistentConnections: UInt32?
        var statistics: Statistics?
    }

    /// Reads a real server from inside its nested attribute. Linux before 3.18 does not say its family, which is then
    /// the service's; before 5.2 it has no kinds of tunnel.
    static func decode(_ bytes: RawSpan, serviceFamily: IPAddress.Family) throws(MalformedReply) -> Decoded {
        let fields = try DestinationFields(bytes)
        return Decoded(
            server: try fields.server(serviceFamily: serviceFamily),
            activeConnections: fields.activeConnections,
            inactiveConnections: fields.inactiveConnections,
            persistentConnections: fields.persistentConnections,
            statistics: fields.statistics64 ?? fields.statistics32
        )
    }
}

extension RealServer {
    /// Reads a real server alone, and passes over its counters.
    init(decoding bytes: RawSpan, serviceFamily: IPAddress.Family) throws(MalformedReply) {
        self = try DestinationFields(bytes, withCounters: false).server(serviceFamily: serviceFamily)
    }
}

extension RealServer.Status {
    init(decoding bytes: RawSpan, serviceFamily: IPAddress.Family) throws(MalformedReply) {
        let decoded = try RealServer.decode(bytes, serviceFamily: serviceFamily)
        self.init(
            server: decoded.server,
            activeConnections: try need(decoded.activeConnections, IPVS_DEST_ATTR_ACTIVE_CONNS),
            inactiveConnections: try need(decoded.inactiveConnections, IPVS_DEST_ATTR_INACT_CONNS),
            persistentConnections: try need(decoded.persistentConnections, IPVS_DEST_ATTR_PERSIST_CONNS),
            statistics: try need(decoded.statistics, IPVS_DEST_ATTR_STATS)
        )
    }
}

private func need<Value>(_ value: Value?, _ type: Int) throws(MalformedReply) -> Value {
    guard let value else { throw AttributeSet.destination.missing(type) }
    return value
}

/// The attributes of a destination as they come, in whatever order.
private struct DestinationFields {
    var family: IPAddress.Family?
    var address: RawAddress?
    var port: UInt16?
    var forwarding: UInt32?
    var weight: UInt32?
    var upperThreshold: UInt32?
    var lowerThreshold: UInt32?
    var tunnelKind: UInt8 = 0
    var tunnelPort: UInt16 = 0
    var tunnelFlags: UInt16 = 0
    var activeConnections: UInt32?
    var inactiveConnections: UInt32?
    var persistentConnections: UInt32?
    var statistics32: Statistics?
    var statistics64: Statistics?

    init(_ bytes: RawSpan, withCounters: Bool = true) throws(MalformedReply) {
        var cursor = AttributeCursor(.destination)
        while let attribute = try cursor.next(in: bytes) {
            try read(attribute, in: bytes)
            if withCounters { try readCounters(attribute, in: bytes) }
        }
    }

    private mutating func read(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedReply) {
        switch attribute.type {
        case IPVS_DEST_ATTR_ADDR_FAMILY: family = try bytes.readFamily(attribute)
        case IPVS_DEST_ATTR_ADDR: address = try bytes.readAddress(attribute)
        case IPVS_DEST_ATTR_PORT: port = UInt16(bigEndian: try bytes.read(attribute, as: UInt16.self))
        case IPVS_DEST_ATTR_FWD_METHOD: forwarding = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_WEIGHT: weight = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_U_THRESH: upperThreshold = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_L_THRESH: lowerThreshold = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_TUN_TYPE: tunnelKind = try bytes.read(attribute, as: UInt8.self)
        case IPVS_DEST_ATTR_TUN_PORT: tunnelPort = UInt16(bigEndian: try bytes.read(attribute, as: UInt16.self))
        case IPVS_DEST_ATTR_TUN_FLAGS: tunnelFlags = try bytes.read(attribute, as: UInt16.self)
        default: break
        }
    }

    private mutating func readCounters(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedReply) {
        switch attribute.type {
        case IPVS_DEST_ATTR_ACTIVE_CONNS: activeConnections = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_INACT_CONNS: inactiveConnections = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_PERSIST_CONNS: persistentConnections = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_STATS: statistics32 = try Statistics(decoding: bytes.extracting(attribute.payload))
        case IPVS_DEST_ATTR_STATS64: statistics64 = try Statistics(decoding: bytes.extracting(attribute.payload))
        default: break
        }
    }

    func server(serviceFamily: IPAddress.Family) throws(MalformedReply) -> RealServer {
        RealServer(
            Endpoint(
                try need(address, IPVS_DEST_ATTR_ADDR).address(family ?? serviceFamily),
                try need(port, IPVS_DEST_ATTR_PORT)
            ),
            forwarding: try forwardingMethod(),
            weight: try need(weight, IPVS_DEST_ATTR_WEIGHT),
            upperThreshold: try need(upperThreshold, IPVS_DEST_ATTR_U_THRESH),
            lowerThreshold: try need(lowerThreshold, IPVS_DEST_ATTR_L_THRESH)
        )
    }

    private func forwardingMethod() throws(MalformedReply) -> ForwardingMethod {
        let number = try need(forwarding, IPVS_DEST_ATTR_FWD_METHOD)
        switch Int32(truncatingIfNeeded: number) {
        case IP_VS_CONN_F_MASQ: return .masquerade
        case IP_VS_CONN_F_LOCALNODE: return .local
        case IP_VS_CONN_F_TUNNEL: return .tunnel(tunnel.meaningful)
        case IP_VS_CONN_F_DROUTE: return .directRouting
        case IP_VS_CONN_F_BYPASS: return .bypass
        default:
            throw AttributeSet.destination.malformed(
                IPVS_DEST_ATTR_FWD_METHOD,
                "is \(number), an unknown forwarding method"
            )
        }
    }

    private var tunnel: Tunnel {
        Tunnel(
            kind: Tunnel.Kind(rawValue: tunnelKind),
            port: tunnelPort,
            checksum: Tunnel.Checksum(rawValue: tunnelFlags)
        )
    }
}
