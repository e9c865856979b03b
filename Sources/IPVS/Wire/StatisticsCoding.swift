import CIPVS
import Netlink

// The nested attributes STATS and STATS64 of virtual and real servers. They have the same numbering. STATS has 32 bits
// for all counters except bytes.

extension Statistics {
    init(decoding bytes: RawSpan) throws(MalformedReply) {
        self.init()
        var cursor = AttributeCursor(.statistics)
        while let attribute = try cursor.next(in: bytes) {
            switch attribute.type {
            case IPVS_STATS_ATTR_CONNS: connections = try bytes.readCounter(attribute)
            case IPVS_STATS_ATTR_INPKTS: incomingPackets = try bytes.readCounter(attribute)
            case IPVS_STATS_ATTR_OUTPKTS: outgoingPackets = try bytes.readCounter(attribute)
            case IPVS_STATS_ATTR_INBYTES: incomingBytes = try bytes.readCounter(attribute)
            case IPVS_STATS_ATTR_OUTBYTES: outgoingBytes = try bytes.readCounter(attribute)
            case IPVS_STATS_ATTR_CPS: rates.connections = try bytes.readCounter(attribute)
            case IPVS_STATS_ATTR_INPPS: rates.incomingPackets = try bytes.readCounter(attribute)
            case IPVS_STATS_ATTR_OUTPPS: rates.outgoingPackets = try bytes.readCounter(attribute)
            case IPVS_STATS_ATTR_INBPS: rates.incomingBytes = try bytes.readCounter(attribute)
            case IPVS_STATS_ATTR_OUTBPS: rates.outgoingBytes = try bytes.readCounter(attribute)
            default: break
            }
        }
    }
}

extension RawSpan {
    fileprivate func readCounter(_ attribute: Attribute) throws(MalformedReply) -> UInt64 {
        switch attribute.payload.count {
        case 4: UInt64(try read(attribute, as: UInt32.self))
        default: try read(attribute, as: UInt64.self)
        }
    }
}
