import IPVS

extension Compatible {
    /// The text of ipvsadm's listings.
    struct Listing: Sendable {
        let format: Format
        let names: Names

        init(_ format: Format, names: Names) {
            self.format = format
            self.names = format.isNumeric ? .none : names
        }

        /// The line above the listing of a whole table.
        static func banner(_ info: KernelInfo) -> String {
            "IP Virtual Server version \(info.version) (size=\(info.connectionTableSize))\n"
        }

        /// The names of the columns.
        var title: String {
            let local = "Prot LocalAddress:Port"
            let real = "  -> RemoteAddress:Port"
            switch format.columns {
            case .connections:
                return "\(local) Scheduler Flags\n\(real)           Forward Weight ActiveConn InActConn\n"
            case .tunnels:
                return "\(local) Scheduler Flags\n\(real)           Forward TunnelInfo    Weight ActiveConn InActConn\n"
            case .statistics:
                let columns = ["Conns", "InPkts", "OutPkts", "InBytes", "OutBytes"]
                return local.left(33) + columns.map { " " + $0.right(8) }.joined() + "\n\(real)\n"
            case .rates:
                let columns = ["CPS", "InPPS", "OutPPS", "InBPS", "OutBPS"]
                return local.left(33) + columns.map { " " + $0.right(8) }.joined() + "\n\(real)\n"
            case .thresholds:
                let columns = ["Uthreshold", "Lthreshold", "ActiveConn", "InActConn"]
                return local.left(33) + columns.map { " " + $0.left(10) }.joined() + "\n\(real)\n"
            case .persistence:
                let columns = "Weight".left(9) + " " + "PersistConn".left(11)
                return "\(local.left(33)) \(columns) \("ActiveConn".left(10)) \("InActConn".left(10))\n\(real)\n"
            }
        }

        /// A virtual server and its real servers, a line each.
        func lines(_ status: VirtualServer.Status, _ realServers: [RealServer.Status]) -> String {
            let id = status.server.id
            var text = line(status)
            for real in realServers { text += line(real, of: id) }
            return text
        }
    }
}

extension Compatible.Listing {
    private func line(_ status: VirtualServer.Status) -> String {
        let (server, statistics) = (status.server, status.statistics)
        let name = name(of: server.id)
        switch format.columns {
        case .statistics:
            return name.left(33) + columns(statistics.totals).joined() + "\n"
        case .rates:
            return name.left(33) + columns(statistics.rates.all).joined() + "\n"
        case .connections, .thresholds, .persistence, .tunnels:
            return "\(name) \(server.scheduler)\(attributes(of: server))\n"
        }
    }

    private func name(of id: VirtualServer.Identity) -> String {
        switch id {
        case .endpoint(let transport, let endpoint):
            let known = [TransportProtocol.tcp, .udp, .sctp].contains(transport)
            let name = "\((known ? transport.description : "?").left(4)) \(text(of: endpoint, transport))"
            return id.family == .ipv4 ? name.shortened(to: 33) : name
        case .firewallMark(let mark, let family):
            return "FWM  \(mark)\(family == .ipv6 ? " IPv6" : "")"
        }
    }

    private func attributes(of server: VirtualServer) -> String {
        var text = ""
        let flags = server.flags.intersection([.scheduler1, .scheduler2, .scheduler3])
        if !flags.isEmpty {
            // ipvsadm knows only the flags that such a scheduler has names for.
            let hasOwnNames = [.sourceHashing, .maglevHashing].contains(server.scheduler)
            let shown = hasOwnNames ? flags.subtracting(.scheduler3) : flags
            text += " (\(Compatible.names(of: shown, for: server.scheduler).joined(separator: ",")))"
        }
        if let persistence = server.persistence {
            text += " \(persistence)"
            // As ipvsadm has it, which does not list an engine without persistence.
            if let engine = server.persistenceEngine { text += " pe \(engine)" }
        }
        if server.flags.contains(.onePacket) { text += " ops" }
        return text
    }

    private func line(_ status: RealServer.Status, of id: VirtualServer.Identity) -> String {
        let (server, statistics) = (status.server, status.statistics)
        let transport: TransportProtocol? =
            if case .endpoint(let transport, _) = id { transport } else { nil }
        let place = text(of: server.endpoint, transport)
        let start = "  -> " + (server.endpoint.address.family == .ipv4 ? place.shortened(to: 28) : place).left(28)
        var cells: [String]
        switch format.columns {
        case .statistics: return start + columns(statistics.totals).joined() + "\n"
        case .rates:
            // ipvsadm scales the bytes alone.
            let whole = statistics.rates.all.prefix(3).map { " " + String($0).right(8) }
            return start + (whole + columns(statistics.rates.all.suffix(2))).joined() + "\n"
        case .thresholds:
            cells = [String(server.upperThreshold).left(10), String(server.lowerThreshold).left(10)]
        case .persistence:
            cells = [String(server.weight).left(9), String(status.persistentConnections).left(11)]
        case .tunnels:
            cells = [
                server.forwarding.listedName.left(7), tunnel(server.forwarding).left(13), String(server.weight).left(6),
            ]
        case .connections:
            cells = [server.forwarding.listedName.left(7), String(server.weight).left(6)]
        }
        cells += [String(status.activeConnections).left(10), String(status.inactiveConnections).left(10)]
        return start + cells.map { " " + $0 }.joined() + "\n"
    }

    private func tunnel(_ forwarding: ForwardingMethod) -> String {
        guard case .tunnel(let tunnel) = forwarding else { return "n/a" }
        let checksums: [Tunnel.Checksum: String] = [.none: "-c", .full: "+c", .remote: "r+c"]
        let checksum = checksums[tunnel.checksum] ?? tunnel.checksum.description
        switch tunnel.kind {
        case .ipip: return "ipip"
        case .gue: return "gue:\(tunnel.port):\(checksum)"
        case .gre: return "gre:\(checksum)"
        default: return "n/a"
        }
    }

    /// An address and a port, by their names where they have some.
    func text(of endpoint: Endpoint, _ transport: TransportProtocol?) -> String {
        let address = endpoint.address
        let host = names.host(address) ?? Compatible.text(of: address)
        let port = transport.flatMap { names.service(endpoint.port, $0) } ?? String(endpoint.port)
        // The size of ipvsadm's buffer.
        return (address.family == .ipv4 ? "\(host):\(port)" : "[\(host)]:\(port)").shortened(to: 59)
    }

    private func columns(_ numbers: some Sequence<UInt64>) -> [String] {
        numbers.map { format.isExact ? " " + String($0).right(8) : Self.scaled($0) }
    }

    /// A number in nine columns, from a hundred million on in thousands, millions and so on.
    static func scaled(_ number: UInt64) -> String {
        switch number {
        case ..<100_000_000: String(number).right(9)
        case ..<1_000_000_000: String(number / 1_000).right(8) + "K"
        case ..<100_000_000_000: String(number / 1_000_000).right(8) + "M"
        case ..<100_000_000_000_000: String(number / 1_000_000_000).right(8) + "G"
        default: String(number / 1_000_000_000_000).right(8) + "T"
        }
    }
}

extension Compatible.Listing {
    static func text(_ timeouts: Timeouts) -> String {
        "Timeout (tcp tcpfin udp): \(timeouts.tcp ?? 0) \(timeouts.tcpFIN ?? 0) \(timeouts.udp ?? 0)\n"
    }

    static func text(_ daemon: SyncDaemon) -> String {
        var settings = ["mcast=\(daemon.interface)", "syncid=\(daemon.syncID)"]
        if let length = daemon.maximumLength { settings.append("maxlen=\(length)") }
        if let group = daemon.group { settings.append("group=\(Compatible.text(of: group))") }
        if let port = daemon.port { settings.append("port=\(port)") }
        if let timeToLive = daemon.timeToLive { settings.append("ttl=\(timeToLive)") }
        return "\(daemon.role) sync daemon (\(settings.joined(separator: ", ")))\n"
    }
}

extension ForwardingMethod {
    fileprivate var listedName: String {
        switch self {
        case .masquerade: "Masq"
        case .local: "Local"
        case .tunnel: "Tunnel"
        case .directRouting: "Route"
        case .bypass: "Bypass"
        case .other(let number): String(number)
        }
    }
}

extension Statistics {
    fileprivate var totals: [UInt64] {
        [connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes]
    }
}

extension Statistics.Rates {
    fileprivate var all: [UInt64] { [connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes] }
}

// Columns are counted in bytes, as C does.
extension String {
    func left(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - utf8.count)) }
    func right(_ width: Int) -> String { String(repeating: " ", count: max(0, width - utf8.count)) + self }
    func shortened(to length: Int) -> String {
        utf8.count <= length ? self : String(decoding: utf8.prefix(length), as: UTF8.self)
    }
}
