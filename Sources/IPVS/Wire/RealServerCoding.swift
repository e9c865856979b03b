import CIPVS
package import Netlink

// The nested attribute IPVS_CMD_ATTR_DEST: a real server, or its identity.

extension AttributeWriter where Self: ~Copyable {
    /// Puts the identity of a real server.
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
        // Sent for every method, as an update without them would turn any tunnel into IP in IP.
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
        case .other(let number): number
        }
    }

    fileprivate var tunnel: Tunnel? {
        guard case .tunnel(let tunnel) = self else { return nil }
        return tunnel
    }
}

extension RealServer {
    /// Decodes the contents of its nested attribute. Linux before 3.18 doesn't send the family, which is then that of
    /// the virtual server. Linux before 5.2 has no kinds of tunnels.
    @inline(__always)
    package init(decoding bytes: RawSpan, serviceFamily: IPAddress.Family) throws(MalformedReply) {
        self = try DestinationFields(bytes).server(serviceFamily: serviceFamily)
    }

    /// Decodes the identity of a real server.
    package static func decodeEndpoint(
        _ bytes: RawSpan,
        serviceFamily: IPAddress.Family
    ) throws(MalformedReply) -> Endpoint {
        try DestinationFields(bytes).endpoint(serviceFamily: serviceFamily)
    }
}

extension RealServer.Status {
    package init(decoding bytes: RawSpan, serviceFamily: IPAddress.Family) throws(MalformedReply) {
        let counters = try DestinationCounters(bytes)
        self.init(
            server: try RealServer(decoding: bytes, serviceFamily: serviceFamily),
            activeConnections: try need(counters.activeConnections, IPVS_DEST_ATTR_ACTIVE_CONNS),
            inactiveConnections: try need(counters.inactiveConnections, IPVS_DEST_ATTR_INACT_CONNS),
            persistentConnections: try need(counters.persistentConnections, IPVS_DEST_ATTR_PERSIST_CONNS),
            statistics: try need(counters.statistics64 ?? counters.statistics32, IPVS_DEST_ATTR_STATS)
        )
    }
}

private func need<Value>(_ value: Value?, _ type: Int) throws(MalformedReply) -> Value {
    guard let value else { throw AttributeSet.destination.missing(type) }
    return value
}

/// The attributes of a real server's configuration, in any order.
///
/// A table can have tens of thousands of real servers, so one bit set records which attributes are present.
private struct DestinationFields {
    private var present: UInt32 = 0
    private var family: UInt16 = 0
    private var address = SixteenBytes(high: 0, low: 0)
    private var port: UInt16 = 0
    private var forwarding: UInt32 = 0
    private var weight: UInt32 = 0
    private var upperThreshold: UInt32 = 0
    private var lowerThreshold: UInt32 = 0
    private var tunnelKind: UInt8 = 0
    private var tunnelPort: UInt16 = 0
    private var tunnelFlags: UInt16 = 0

    @inline(__always)
    init(_ bytes: RawSpan) throws(MalformedReply) {
        var cursor = AttributeCursor(.destination)
        while let attribute = try cursor.next(in: bytes) { try read(attribute, in: bytes) }
    }

    @inline(__always)
    private mutating func read(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedReply) {
        switch attribute.type {
        case IPVS_DEST_ATTR_ADDR_FAMILY: family = try bytes.read(attribute, as: UInt16.self)
        case IPVS_DEST_ATTR_ADDR: address = try bytes.readSixteenBytes(attribute)
        case IPVS_DEST_ATTR_PORT: port = UInt16(bigEndian: try bytes.read(attribute, as: UInt16.self))
        case IPVS_DEST_ATTR_FWD_METHOD: forwarding = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_WEIGHT: weight = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_U_THRESH: upperThreshold = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_L_THRESH: lowerThreshold = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_TUN_TYPE: tunnelKind = try bytes.read(attribute, as: UInt8.self)
        case IPVS_DEST_ATTR_TUN_PORT: tunnelPort = UInt16(bigEndian: try bytes.read(attribute, as: UInt16.self))
        case IPVS_DEST_ATTR_TUN_FLAGS: tunnelFlags = try bytes.read(attribute, as: UInt16.self)
        default: return
        }
        present |= 1 << UInt32(truncatingIfNeeded: attribute.type)
    }

    private func has(_ type: Int) -> Bool { present >> UInt32(type) & 1 == 1 }

    /// Throws if an attribute is missing.
    @inline(__always)
    func require(_ type: Int) throws(MalformedReply) {
        guard has(type) else { throw AttributeSet.destination.missing(type) }
    }

    @inline(__always)
    private func requireConfiguration() throws(MalformedReply) {
        try require(IPVS_DEST_ATTR_FWD_METHOD)
        try require(IPVS_DEST_ATTR_WEIGHT)
        try require(IPVS_DEST_ATTR_U_THRESH)
        try require(IPVS_DEST_ATTR_L_THRESH)
    }

    @inline(__always)
    func server(serviceFamily: IPAddress.Family) throws(MalformedReply) -> RealServer {
        try requireConfiguration()
        return RealServer(
            try endpoint(serviceFamily: serviceFamily),
            forwarding: forwardingMethod,
            weight: weight,
            upperThreshold: upperThreshold,
            lowerThreshold: lowerThreshold
        )
    }

    @inline(__always)
    func endpoint(serviceFamily: IPAddress.Family) throws(MalformedReply) -> Endpoint {
        try require(IPVS_DEST_ATTR_ADDR)
        try require(IPVS_DEST_ATTR_PORT)
        guard has(IPVS_DEST_ATTR_ADDR_FAMILY) else { return Endpoint(address.address(serviceFamily), port) }
        guard let family = IPAddress.Family(rawValue: family) else {
            throw AttributeSet.destination.malformed(
                IPVS_DEST_ATTR_ADDR_FAMILY,
                "is \(family), an unknown address family"
            )
        }
        return Endpoint(address.address(family), port)
    }

    @inline(__always)
    private var forwardingMethod: ForwardingMethod {
        switch Int32(truncatingIfNeeded: forwarding) {
        case IP_VS_CONN_F_MASQ: return .masquerade
        case IP_VS_CONN_F_LOCALNODE: return .local
        case IP_VS_CONN_F_TUNNEL: return .tunnel(tunnel.meaningful)
        case IP_VS_CONN_F_DROUTE: return .directRouting
        case IP_VS_CONN_F_BYPASS: return .bypass
        default: return .other(forwarding)
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

/// The attributes with counters of a real server.
private struct DestinationCounters {
    private(set) var activeConnections: UInt32?
    private(set) var inactiveConnections: UInt32?
    private(set) var persistentConnections: UInt32?
    private(set) var statistics32: Statistics?
    private(set) var statistics64: Statistics?

    init(_ bytes: RawSpan) throws(MalformedReply) {
        var cursor = AttributeCursor(.destination)
        while let attribute = try cursor.next(in: bytes) { try read(attribute, in: bytes) }
    }

    private mutating func read(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedReply) {
        switch attribute.type {
        case IPVS_DEST_ATTR_ACTIVE_CONNS: activeConnections = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_INACT_CONNS: inactiveConnections = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_PERSIST_CONNS: persistentConnections = try bytes.read(attribute, as: UInt32.self)
        case IPVS_DEST_ATTR_STATS: statistics32 = try Statistics(decoding: bytes.extracting(attribute.payload))
        case IPVS_DEST_ATTR_STATS64: statistics64 = try Statistics(decoding: bytes.extracting(attribute.payload))
        default: break
        }
    }
}
