import CRTNetlink
import IPVS
import Netlink

/// A request about tracked connections (ctnetlink).
enum TrackingRequest {
    /// Dumps the connections of both families.
    case list

    /// Deletes a connection.
    case delete(TrackedUDP)
}

extension TrackingRequest: NetlinkRequest {
    /// The type of reply messages.
    static let replyType = type(IPCTNL_MSG_CT_NEW)

    private static func type(_ message: cntl_msg_types) -> UInt16 {
        UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(message.rawValue)
    }

    var shape: RequestShape {
        switch self {
        case .list: RequestShape(number: 0)
        case .delete(let entry):
            // The attributes that not all entries have.
            RequestShape(
                number: 1 | UInt64(entry.destination.address.family.rawValue) << 1 | (entry.id == nil ? 0 : 1 << 16)
                    | (entry.zone == nil ? 0 : 1 << 17) | (entry.originalZone == nil ? 0 : 1 << 18)
            )
        }
    }

    func begin(_ message: inout Message) {
        var header = nfgenmsg()
        header.version = UInt8(NFNETLINK_V0)
        switch self {
        case .list:
            let flags = UInt16(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ROOT | NLM_F_MATCH)
            message.begin(type: Self.type(IPCTNL_MSG_CT_GET), flags: flags, header: header)
        case .delete(let entry):
            header.nfgen_family = UInt8(entry.destination.address.family.rawValue)
            let flags = UInt16(NLM_F_REQUEST | NLM_F_ACK)
            message.begin(type: Self.type(IPCTNL_MSG_CT_DELETE), flags: flags, header: header)
        }
    }

    func put(into message: inout some AttributeWriter & ~Copyable) {
        // Without a tuple, all connections would be deleted.
        guard case .delete(let entry) = self else { return }
        message.nest(CTA.originalTuple) { message in
            message.nest(CTA.addresses) { message in
                let (source, destination) = CTA.addresses(of: entry.destination.address.family)
                message.putAddress(source, entry.source.address)
                message.putAddress(destination, entry.destination.address)
            }
            message.nest(CTA.transport) { message in
                message.put(CTA.protocolNumber, UInt8(IPPROTO_UDP))
                message.put(CTA.sourcePort, entry.source.port.bigEndian)
                message.put(CTA.destinationPort, entry.destination.port.bigEndian)
            }
            if let zone = entry.originalZone { message.put(CTA.tupleZone, zone.bigEndian) }
        }
        if let zone = entry.zone { message.put(CTA.zone, zone.bigEndian) }
        if let id = entry.id { message.put(CTA.id, id.bigEndian) }
    }
}

/// The numbers of ctnetlink's attributes; only those that are used here.
enum CTA {
    static let (originalTuple, replyTuple) = (Int(CTA_TUPLE_ORIG.rawValue), Int(CTA_TUPLE_REPLY.rawValue))
    static let (id, zone) = (Int(CTA_ID.rawValue), Int(CTA_ZONE.rawValue))

    // In a tuple.
    static let (addresses, transport) = (Int(CTA_TUPLE_IP.rawValue), Int(CTA_TUPLE_PROTO.rawValue))
    static let tupleZone = Int(CTA_TUPLE_ZONE.rawValue)

    // In the transport of a tuple.
    static let protocolNumber = Int(CTA_PROTO_NUM.rawValue)
    static let (sourcePort, destinationPort) = (Int(CTA_PROTO_SRC_PORT.rawValue), Int(CTA_PROTO_DST_PORT.rawValue))

    /// In the addresses of a tuple.
    static func addresses(of family: IPAddress.Family) -> (source: Int, destination: Int) {
        switch family {
        case .ipv4: (Int(CTA_IP_V4_SRC.rawValue), Int(CTA_IP_V4_DST.rawValue))
        case .ipv6: (Int(CTA_IP_V6_SRC.rawValue), Int(CTA_IP_V6_DST.rawValue))
        }
    }
}

// Their names, for errors.
extension AttributeSet {
    static var connection: Self {
        Self(
            "CTA_",
            """
            UNSPEC TUPLE_ORIG TUPLE_REPLY STATUS PROTOINFO HELP NAT_SRC TIMEOUT MARK COUNTERS_ORIG COUNTERS_REPLY USE ID \
            NAT_DST TUPLE_MASTER SEQ_ADJ_ORIG SEQ_ADJ_REPLY SECMARK ZONE
            """
        )
    }

    static var connectionTuple: Self { Self("CTA_TUPLE_", "UNSPEC IP PROTO ZONE") }

    static var connectionAddresses: Self { Self("CTA_IP_", "UNSPEC V4_SRC V4_DST V6_SRC V6_DST") }

    static var connectionProtocol: Self { Self("CTA_PROTO_", "UNSPEC NUM SRC_PORT DST_PORT") }
}
