import IPVS

extension Compatible.Session {
    /// Lists the connections as they are read.
    func listConnections(_ listing: Compatible.Listing) throws(IPVSError) {
        var entries = try handle.connectionEntries()
        output.write("IPVS connection entries\n" + listing.connectionTitle)
        var text = ""
        while let entry = try entries.next() {
            text += listing.line(entry)
            if text.utf8.count > 1 << 16 {
                output.write(text)
                text = ""
            }
        }
        output.write(text)
    }

    /// Writes the connections as JSON, one per line, as there may be too many for memory.
    func writeConnectionsJSON() throws(IPVSError) {
        var entries = try handle.connectionEntries()
        var text = "{\"connections\": ["
        var separator = "\n"
        while let entry = try entries.next() {
            text += separator + Compatible.json(entry, isPretty: false)
            separator = ",\n"
            if text.utf8.count > 1 << 16 {
                output.write(text)
                text = ""
            }
        }
        output.write(text + "\n]}\n")
    }
}

extension Compatible.Listing {
    /// The names of the columns of connections.
    var connectionTitle: String {
        let columns = "\("state".left(11)) \("source".left(18)) \("virtual".left(18))"
        guard format.columns == .persistence else { return "pro expire \(columns) destination\n" }
        return "pro expire \(columns) \("destination".left(18)) \("pe name".left(16)) pe_data\n"
    }

    /// A connection.
    func line(_ entry: ConnectionEntry) -> String {
        let (minutes, seconds) = (String(entry.secondsLeft / 60), String(entry.secondsLeft % 60))
        let expiry = "\(minutes.zeros(2)):\(seconds.zeros(2))"
        let places = [entry.client, entry.virtualServer, entry.realServer].map { text(of: $0, entry.transport) }
        let start = "\(entry.transport.kernelName.left(3)) \(expiry.left(6)) \(entry.state.rawValue.left(11))"
        let ends = "\(places[0].left(18)) \(places[1].left(18))"
        guard format.columns == .persistence, let persistence = entry.persistence else {
            return "\(start) \(ends) \(places[2])\n"
        }
        // ipvsadm reads a word of it.
        let data = persistence.data.prefix { !$0.isWhitespace }
        return "\(start) \(ends) \(places[2].left(16)) \(persistence.engine.rawValue.left(18)) \(data)\n"
    }
}

extension TransportProtocol {
    /// The kernel's name in its list of connections.
    fileprivate var kernelName: String {
        switch self {
        case .tcp, .udp, .sctp: description
        case TransportProtocol(rawValue: 0): "IP"
        case TransportProtocol(rawValue: 1): "ICMP"
        case TransportProtocol(rawValue: 58): "ICMPv6"
        default: "IP_\(rawValue)"
        }
    }
}

extension String {
    fileprivate func zeros(_ width: Int) -> String { String(repeating: "0", count: max(0, width - utf8.count)) + self }
}
