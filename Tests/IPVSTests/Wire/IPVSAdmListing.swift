@testable import IPVS

// ipvsadm's listings, written from decoded values: what ipvsadm printed verifies the decoding.

extension String {
    func trimming(_ characters: String) -> String {
        var text = self[...]
        while let first = text.first, characters.contains(first) { text = text.dropFirst() }
        while let last = text.last, characters.contains(last) { text = text.dropLast() }
        return String(text)
    }

    fileprivate func left(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    fileprivate func right(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

extension Seen {
    /// What ipvsadm prints for a command, or nil for one that prints nothing.
    func listing(for command: String) -> String? {
        let line = IPVSAdmLine(command)
        if errno != 0 { return nil }
        if line.has("--timeout") { return timeoutListing }
        if line.has("--daemon") { return daemonListing }
        if line.has("-Sn") { return sorted.map(saved).joined() }
        guard line.has("-Ln") else { return nil }
        let style = Style.allCases.first { line.has("--\($0.rawValue)") } ?? .plain
        let version = "IP Virtual Server version \(info?.version.description ?? "?") "
        let size = "(size=\(info?.connectionTableSize ?? 0))\n"
        let top = line.identity == nil ? version + size : ""
        return top + style.header + sorted.map { service($0, style) }.joined()
    }

    private enum Style: String, CaseIterable {
        case plain, stats, rate, thresholds
        case persistent = "persistent-conn"

        var header: String {
            let real = "  -> RemoteAddress:Port"
            let local = "Prot LocalAddress:Port"
            switch self {
            case .plain: return "\(local) Scheduler Flags\n\(real)           Forward Weight ActiveConn InActConn\n"
            case .stats: return "\(local)               Conns   InPkts  OutPkts  InBytes OutBytes\n\(real)\n"
            case .rate: return "\(local)                 CPS    InPPS   OutPPS    InBPS   OutBPS\n\(real)\n"
            case .thresholds: return "\(local)            Uthreshold Lthreshold ActiveConn InActConn \n\(real)\n"
            case .persistent: return "\(local)            Weight    PersistConn ActiveConn InActConn \n\(real)\n"
            }
        }
    }

    /// ipvsadm's order: IPv4's endpoints before IPv6's before firewall marks, by protocol TCP, UDP, SCTP.
    private var sorted: [VirtualServer.Status] {
        services.sorted { key($0.server.id) < key($1.server.id) }
    }

    private func key(_ id: VirtualServer.Identity) -> (UInt32, UInt16, UInt16, Endpoint) {
        switch id {
        case .endpoint(let transport, let endpoint):
            (0, endpoint.address.family.rawValue, transport.rawValue, endpoint)
        case .firewallMark(let mark, let family):
            (mark, family.rawValue, 0, Endpoint(IPAddress(0, 0, 0, 0), 0))
        }
    }

    private func realServers(of service: VirtualServer.Status) -> [RealServer.Status] {
        (realServers[service.server.id] ?? []).sorted { $0.server.endpoint < $1.server.endpoint }
    }

    private func name(_ id: VirtualServer.Identity) -> String {
        switch id {
        case .endpoint(let transport, let endpoint): "\(transport.description.left(4)) \(endpoint)"
        case .firewallMark(let mark, let family): "FWM  \(mark)\(family == .ipv6 ? " IPv6" : "")"
        }
    }

    private func service(_ status: VirtualServer.Status, _ style: Style) -> String {
        let server = status.server
        let name = name(server.id)
        let first: String
        switch style {
        case .stats: first = name.left(33) + columns(status.statistics)
        case .rate: first = name.left(33) + columns(status.statistics.rates)
        default: first = ([name, server.scheduler.rawValue] + attributes(of: server)).joined(separator: " ")
        }
        return first + "\n" + realServers(of: status).map { realServer($0, style) }.joined()
    }

    private func attributes(of server: VirtualServer) -> [String] {
        var parts: [String] = []
        let names = schedulerFlags(of: server)
        if !names.isEmpty { parts.append("(\(names))") }
        if let persistence = server.persistence {
            parts.append(persistence.description)
            // Without persistence ipvsadm does not list it.
            if let engine = server.persistenceEngine { parts.append("pe \(engine)") }
        }
        if server.flags.contains(.onePacket) { parts.append("ops") }
        return parts
    }

    /// The scheduler's own names. ipvsadm forgets the third flag of `sh` and `mh`.
    private func schedulerFlags(of server: VirtualServer) -> String {
        let scheduler = server.scheduler.rawValue
        var names: [String] = []
        if server.flags.contains(.scheduler1) { names.append("\(scheduler)-fallback") }
        if server.flags.contains(.scheduler2) { names.append("\(scheduler)-port") }
        return names.joined(separator: ",")
    }

    private func realServer(_ status: RealServer.Status, _ style: Style) -> String {
        let server = status.server
        let name = "  -> " + server.endpoint.description
        let active = String(status.activeConnections).left(11)
        let inactive = String(status.inactiveConnections).left(10)
        let line =
            switch style {
            case .plain:
                name.left(34) + forwardingNames(server.forwarding).list.left(8) + String(server.weight).left(7) + active
                    + inactive
            case .stats: name.left(33) + columns(status.statistics)
            case .rate: name.left(33) + columns(status.statistics.rates)
            case .thresholds:
                name.left(34) + String(server.upperThreshold).left(11) + String(server.lowerThreshold).left(11) + active
                    + inactive
            case .persistent:
                name.left(34) + String(server.weight).left(10) + String(status.persistentConnections).left(12) + active
                    + inactive
            }
        return line + "\n"
    }

    private func columns(_ statistics: Statistics) -> String {
        columns([
            statistics.connections, statistics.incomingPackets, statistics.outgoingPackets, statistics.incomingBytes,
            statistics.outgoingBytes,
        ])
    }

    private func columns(_ rates: Statistics.Rates) -> String {
        columns([
            rates.connections, rates.incomingPackets, rates.outgoingPackets, rates.incomingBytes, rates.outgoingBytes,
        ])
    }

    private func columns(_ numbers: [UInt64]) -> String { numbers.map { " " + String($0).right(8) }.joined() }

    private func forwardingNames(_ method: ForwardingMethod) -> (list: String, option: String) {
        switch method {
        case .masquerade: return ("Masq", "-m")
        case .local: return ("Local", "-g")
        case .directRouting: return ("Route", "-g")
        case .bypass: return ("Bypass", "-g")
        case .other(let number): return (String(number), "-g")
        case .tunnel(let tunnel):
            var option = "--tun-type \(tunnel.kind)"
            if tunnel.kind == .gue { option += " --tun-port \(tunnel.port)" }
            let checksums: [Tunnel.Checksum: String] = [.none: "nocsum", .full: "csum", .remote: "remcsum"]
            if tunnel.kind != .ipip { option += " --tun-\(checksums[tunnel.checksum] ?? "?")" }
            return ("Tunnel", "-i -w %w \(option)")
        }
    }

    private func saved(_ status: VirtualServer.Status) -> String {
        let server = status.server
        let id: String
        switch server.id {
        case .endpoint(.tcp, let endpoint): id = "-t \(endpoint)"
        case .endpoint(.udp, let endpoint): id = "-u \(endpoint)"
        case .endpoint(_, let endpoint): id = "--sctp-service \(endpoint)"
        case .firewallMark(let mark, let family): id = "-f \(mark)\(family == .ipv6 ? " -6" : "")"
        }
        var line = "-A \(id) -s \(server.scheduler)"
        let flags = schedulerFlags(of: server)
        if let persistence = server.persistence {
            line += " -p \(persistence.timeout)"
            if let mask = persistence.mask { line += " -M \(mask)" }
        }
        if let engine = server.persistenceEngine { line += " --pe \(engine)" }
        if server.flags.contains(.onePacket) { line += " -o" }
        if !flags.isEmpty { line += " -b \(flags)" }
        let firewallMark = server.id.description.hasPrefix("FWM") ? "-f \(id.split(separator: " ")[1])" : id
        let destinations = realServers(of: status).map { real in
            let names = forwardingNames(real.server.forwarding)
            let weight = String(real.server.weight)
            let how =
                names.option.contains("%w")
                ? names.option.split(separator: "%w").joined(separator: weight) : "\(names.option) -w \(weight)"
            return "-a \(firewallMark) -r \(real.server.endpoint) \(how)\n"
        }
        return line + "\n" + destinations.joined()
    }

    private var timeoutListing: String {
        let values = [timeouts?.tcp, timeouts?.tcpFIN, timeouts?.udp].map { String($0 ?? 0) }
        return "Timeout (tcp tcpfin udp): \(values.joined(separator: " "))\n"
    }

    private var daemonListing: String {
        daemons.map { daemon in
            let settings = [
                "mcast=\(daemon.interface)", "syncid=\(daemon.syncID)", "maxlen=\(daemon.maximumLength ?? 0)",
                "group=\(daemon.group?.description ?? "?")", "port=\(daemon.port ?? 0)",
                "ttl=\(daemon.timeToLive ?? 0)",
            ]
            return "\(daemon.role) sync daemon (\(settings.joined(separator: ", ")))\n"
        }.joined()
    }
}
