import CIPVS
package import Netlink

// The nested attribute IPVS_CMD_ATTR_SERVICE: a virtual server, or its identity.

extension AttributeWriter where Self: ~Copyable {
    /// Puts the identity of a virtual server.
    mutating func putService(_ id: VirtualServer.Identity) {
        nest(IPVS_CMD_ATTR_SERVICE) { $0.putIdentity(id) }
    }

    /// Puts a virtual server with its whole configuration.
    mutating func putService(_ server: VirtualServer) {
        nest(IPVS_CMD_ATTR_SERVICE) {
            $0.putIdentity(server.id)
            $0.putConfiguration(of: server)
        }
    }

    private mutating func putIdentity(_ id: VirtualServer.Identity) {
        put(IPVS_SVC_ATTR_AF, id.family.rawValue)
        switch id {
        case .endpoint(let transport, let endpoint):
            put(IPVS_SVC_ATTR_PROTOCOL, transport.rawValue)
            put(IPVS_SVC_ATTR_ADDR, endpoint.address)
            put(IPVS_SVC_ATTR_PORT, endpoint.port.bigEndian)
        case .firewallMark(let mark, _):
            put(IPVS_SVC_ATTR_FWMARK, mark)
        }
    }

    private mutating func putConfiguration(of server: VirtualServer) {
        put(IPVS_SVC_ATTR_SCHED_NAME, server.scheduler.rawValue)
        if let engine = server.persistenceEngine { put(IPVS_SVC_ATTR_PE_NAME, engine.rawValue) }
        // The second number is the mask of the flags to set: all of them, so that an update keeps no old flags.
        let persistent = server.persistence == nil ? 0 : VirtualServer.Flags.persistentBit
        put(IPVS_SVC_ATTR_FLAGS, server.flags.rawValue | persistent, UInt32.max)
        put(IPVS_SVC_ATTR_TIMEOUT, server.persistence?.timeout ?? 0)
        put(IPVS_SVC_ATTR_NETMASK, wireMask(of: server))
    }

    /// An IPv4 netmask is in network byte order. An IPv6 prefix length is in host byte order.
    private func wireMask(of server: VirtualServer) -> UInt32 {
        switch server.persistence?.mask?.bits {
        case .netmask(let netmask): netmask.bigEndian
        case .prefixLength(let length): length
        case nil: server.id.family == .ipv4 ? UInt32.max : 128
        }
    }
}

extension VirtualServer {
    /// Decodes the contents of its nested attribute.
    package init(decoding bytes: RawSpan) throws(MalformedReply) { self = try ServiceFields(bytes).server() }

    /// Decodes the identity of a virtual server from the contents of its nested attribute.
    package static func decodeIdentity(_ bytes: RawSpan) throws(MalformedReply) -> Identity {
        try ServiceFields(bytes).identity()
    }
}

extension VirtualServer.Status {
    package init(decoding bytes: RawSpan) throws(MalformedReply) {
        self.init(server: try VirtualServer(decoding: bytes), statistics: try Self.statistics(in: bytes))
    }

    private static func statistics(in bytes: RawSpan) throws(MalformedReply) -> Statistics {
        var found: (narrow: Statistics?, wide: Statistics?)
        var cursor = AttributeCursor(.service)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case IPVS_SVC_ATTR_STATS: found.narrow = try Statistics(decoding: bytes.extracting(attribute.payload))
            case IPVS_SVC_ATTR_STATS64: found.wide = try Statistics(decoding: bytes.extracting(attribute.payload))
            default: break
            }
        }
        guard let statistics = found.wide ?? found.narrow else {
            throw AttributeSet.service.missing(IPVS_SVC_ATTR_STATS)
        }
        return statistics
    }
}

/// The attributes of a virtual server's configuration, in any order.
private struct ServiceFields {
    private var family: IPAddress.Family?
    private var transport: UInt16?
    private var address: SixteenBytes?
    private var port: UInt16?
    private var mark: UInt32?
    private var scheduler: String?
    private var flags: UInt32?
    private var timeout: UInt32?
    private var mask: UInt32?
    private var engine: String?

    init(_ bytes: RawSpan) throws(MalformedReply) {
        var cursor = AttributeCursor(.service)
        while let attribute = try cursor.next(in: bytes) { try read(attribute, in: bytes) }
    }

    private mutating func read(_ attribute: Attribute, in bytes: RawSpan) throws(MalformedReply) {
        switch attribute.type {
        case IPVS_SVC_ATTR_AF: family = try bytes.readFamily(attribute)
        case IPVS_SVC_ATTR_PROTOCOL: transport = try bytes.read(attribute, as: UInt16.self)
        case IPVS_SVC_ATTR_ADDR: address = try bytes.readSixteenBytes(attribute)
        case IPVS_SVC_ATTR_PORT: port = UInt16(bigEndian: try bytes.read(attribute, as: UInt16.self))
        case IPVS_SVC_ATTR_FWMARK: mark = try bytes.read(attribute, as: UInt32.self)
        case IPVS_SVC_ATTR_SCHED_NAME: scheduler = try bytes.readString(attribute)
        case IPVS_SVC_ATTR_FLAGS:
            // A struct of the flags and a mask, which has no meaning in a reply.
            flags = try bytes.readPair(attribute).first
        case IPVS_SVC_ATTR_TIMEOUT: timeout = try bytes.read(attribute, as: UInt32.self)
        case IPVS_SVC_ATTR_NETMASK: mask = try bytes.read(attribute, as: UInt32.self)
        case IPVS_SVC_ATTR_PE_NAME: engine = try bytes.readString(attribute)
        default: break
        }
    }

    func server() throws(MalformedReply) -> VirtualServer {
        let id = try identity()
        let scheduler = try need(scheduler, IPVS_SVC_ATTR_SCHED_NAME)
        let flags = try need(flags, IPVS_SVC_ATTR_FLAGS)
        let persistence = Persistence(
            timeout: try need(timeout, IPVS_SVC_ATTR_TIMEOUT),
            mask: persistenceMask(try need(mask, IPVS_SVC_ATTR_NETMASK), id.family)
        )
        return VirtualServer(
            id,
            scheduler: Scheduler(rawValue: scheduler),
            flags: VirtualServer.Flags(rawValue: flags),
            persistence: flags & VirtualServer.Flags.persistentBit != 0 ? persistence : nil,
            persistenceEngine: engine.map(PersistenceEngine.init(rawValue:))
        )
    }

    private func persistenceMask(_ number: UInt32, _ family: IPAddress.Family) -> Persistence.Mask? {
        switch family {
        case .ipv4: Persistence.Mask(netmask: UInt32(bigEndian: number))
        case .ipv6: Persistence.Mask(prefixLength: number)
        }
    }

    func identity() throws(MalformedReply) -> VirtualServer.Identity {
        let family = try need(family, IPVS_SVC_ATTR_AF)
        if let mark { return .firewallMark(mark, family) }
        return .endpoint(
            TransportProtocol(rawValue: try need(transport, IPVS_SVC_ATTR_PROTOCOL)),
            Endpoint(try need(address, IPVS_SVC_ATTR_ADDR).address(family), try need(port, IPVS_SVC_ATTR_PORT))
        )
    }

    private func need<Value>(_ value: Value?, _ type: Int) throws(MalformedReply) -> Value {
        guard let value else { throw AttributeSet.service.missing(type) }
        return value
    }
}

extension RawSpan {
    /// The value of an attribute as an address family, a 16-bit integer.
    func readFamily(_ attribute: Attribute) throws(MalformedReply) -> IPAddress.Family {
        let number = try read(attribute, as: UInt16.self)
        guard let family = IPAddress.Family(rawValue: number) else {
            throw attribute.malformed("is \(number), an unknown address family")
        }
        return family
    }
}
