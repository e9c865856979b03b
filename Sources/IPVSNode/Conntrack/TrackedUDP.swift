import CRTNetlink
import IPVS
import Netlink

/// The entry of UDP packets whose destination is not translated.
struct TrackedUDP: Hashable, Sendable {
    /// The addresses and ports of the packets that began it.
    let source, destination: Endpoint

    /// Distinguishes it from a later entry with the same addresses. Kernels before 5.1 have another number for the same
    /// purpose.
    let id: UInt32?

    /// The zone of both directions; nil for the default one.
    let zone: UInt16?

    /// The zone of the direction of the packets that began it; nil for the default one.
    let originalZone: UInt16?

    /// Decodes the payload of an `IPCTNL_MSG_CT_NEW` message. Returns nil for other protocols and destinations, and for
    /// packets that are translated.
    init?(decoding bytes: RawSpan, ifSentTo endpoints: Set<Endpoint>) throws(MalformedReply) {
        let header = try bytes.readHeader(as: nfgenmsg.self, of: "a message about a connection")
        guard let family = IPAddress.Family(rawValue: UInt16(header.nfgen_family)) else { return nil }
        var original: Tuple?
        var reply: Tuple?
        var id: UInt32?
        var zone: UInt16?
        var cursor = AttributeCursor(.connection, from: MemoryLayout<nfgenmsg>.size)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case CTA.originalTuple:
                original = try Tuple(decoding: bytes.extracting(attribute.payload), family)
                // Most entries end here.
                guard let original, endpoints.contains(original.destination) else { return nil }
            case CTA.replyTuple: reply = try Tuple(decoding: bytes.extracting(attribute.payload), family)
            case CTA.id: id = UInt32(bigEndian: try bytes.read(attribute, as: UInt32.self))
            case CTA.zone: zone = UInt16(bigEndian: try bytes.read(attribute, as: UInt16.self))
            default: break
            }
        }
        guard let original else { throw AttributeSet.connection.missing(CTA.originalTuple) }
        guard let reply else { throw AttributeSet.connection.missing(CTA.replyTuple) }
        guard endpoints.contains(original.destination), reply.source == original.destination else { return nil }
        (source, destination, originalZone) = (original.source, original.destination, original.zone)
        (self.id, self.zone) = (id, zone)
    }

    init(source: Endpoint, destination: Endpoint, id: UInt32?, zone: UInt16? = nil, originalZone: UInt16? = nil) {
        (self.source, self.destination, self.id) = (source, destination, id)
        (self.zone, self.originalZone) = (zone, originalZone)
    }
}

extension TrackedUDP {
    /// The addresses and ports of one direction.
    private struct Tuple {
        let source, destination: Endpoint
        let zone: UInt16?

        /// Decodes the value of `CTA_TUPLE_ORIG` or `CTA_TUPLE_REPLY`. Returns nil for other protocols than UDP.
        init?(decoding bytes: RawSpan, _ family: IPAddress.Family) throws(MalformedReply) {
            var addresses: (source: IPAddress?, destination: IPAddress?)
            var ports: (source: UInt16?, destination: UInt16?)
            var number: UInt8?
            var zone: UInt16?
            var cursor = AttributeCursor(.connectionTuple)
            while let attribute = try cursor.next(in: bytes) {
                let nested = bytes.extracting(attribute.payload)
                switch attribute.type {
                case CTA.addresses: addresses = try Self.addresses(nested, family)
                case CTA.transport: (number, ports) = try Self.ports(nested)
                case CTA.tupleZone: zone = UInt16(bigEndian: try bytes.read(attribute, as: UInt16.self))
                default: break
                }
            }
            guard let number else { throw AttributeSet.connectionProtocol.missing(CTA.protocolNumber) }
            guard number == UInt8(IPPROTO_UDP) else { return nil }
            guard let source = addresses.source, let destination = addresses.destination else {
                throw AttributeSet.connectionTuple.malformed(CTA.addresses, "lacks an address")
            }
            guard let sourcePort = ports.source, let destinationPort = ports.destination else {
                throw AttributeSet.connectionTuple.malformed(CTA.transport, "lacks a port")
            }
            self.source = Endpoint(source, sourcePort)
            self.destination = Endpoint(destination, destinationPort)
            self.zone = zone
        }

        private static func addresses(
            _ bytes: RawSpan,
            _ family: IPAddress.Family
        ) throws(MalformedReply) -> (source: IPAddress?, destination: IPAddress?) {
            let (source, destination) = CTA.addresses(of: family)
            var found: (source: IPAddress?, destination: IPAddress?)
            var cursor = AttributeCursor(.connectionAddresses)
            while let attribute = try cursor.next(in: bytes) {
                if attribute.type == source { found.source = try bytes.readPlainAddress(attribute, family) }
                if attribute.type == destination { found.destination = try bytes.readPlainAddress(attribute, family) }
            }
            return found
        }

        private static func ports(
            _ bytes: RawSpan
        ) throws(MalformedReply) -> (number: UInt8?, (source: UInt16?, destination: UInt16?)) {
            var number: UInt8?
            var ports: (source: UInt16?, destination: UInt16?)
            var cursor = AttributeCursor(.connectionProtocol)
            while let attribute = try cursor.next(in: bytes) {
                switch attribute.type {
                case CTA.protocolNumber: number = try bytes.read(attribute, as: UInt8.self)
                case CTA.sourcePort: ports.source = UInt16(bigEndian: try bytes.read(attribute, as: UInt16.self))
                case CTA.destinationPort:
                    ports.destination = UInt16(bigEndian: try bytes.read(attribute, as: UInt16.self))
                default: break
                }
            }
            return (number, ports)
        }
    }
}
