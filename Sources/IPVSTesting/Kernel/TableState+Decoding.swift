import CIPVS
import IPVS
import Netlink

extension TableState {
    /// The table as values, which are decoded from what the kernel would send.
    var decoded: Table {
        var table = Table()
        for service in services.values {
            var entry = Table.Entry(service.decoded(ticksPerSecond))
            for real in service.realServers.values { entry.replace(real.decoded(in: service.key)) }
            table.replace(entry)
        }
        return table
    }

    var decodedDaemons: Set<SyncDaemon> {
        Set(
            daemons.values.map { daemon in
                var writer = MessageWriter()
                writer.putDaemon(daemon)
                return decode(writer, IPVS_CMD_ATTR_DAEMON) { (bytes) throws(MalformedReply) in
                    try SyncDaemon(decoding: bytes)
                }
            }
        )
    }
}

extension VirtualServerState {
    fileprivate func decoded(_ ticksPerSecond: UInt32) -> VirtualServer {
        var writer = MessageWriter()
        writer.putService(self, ticksPerSecond: ticksPerSecond)
        return decode(writer, IPVS_CMD_ATTR_SERVICE) { (bytes) throws(MalformedReply) in
            try VirtualServer(decoding: bytes)
        }
    }
}

extension RealServerState {
    fileprivate func decoded(in service: ServiceKey) -> RealServer {
        var writer = MessageWriter()
        writer.putDestination(self)
        return decode(writer, IPVS_CMD_ATTR_DEST) { (bytes) throws(MalformedReply) in
            // Every real server has its own family.
            try RealServer(decoding: bytes, serviceFamily: .ipv4)
        }
    }
}

/// Decodes a nested attribute that was just written.
private func decode<Value>(
    _ writer: MessageWriter,
    _ type: Int,
    _ body: (RawSpan) throws(MalformedReply) -> Value
) -> Value {
    let bytes = unsafe writer.bytes.span.bytes
    do throws(MalformedReply) {
        return try body(bytes.extracting(try bytes.payload(of: type)))
    } catch {
        preconditionFailure("the kernel writes what the decoder can't read: \(error)")
    }
}
