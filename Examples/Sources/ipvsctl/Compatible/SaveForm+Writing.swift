import Common
import IPVS

extension SaveForm {
    /// Writes a table. What ``read(_:names:)`` makes of it is equal to it.
    ///
    /// Hosts and ports are written as numbers, as with `-n`, or by those of the names that lead back to the same
    /// address and port.
    /// - Throws: `Failure` if a virtual server has a name that can't be in a line.
    static func write(_ table: Table, names: Compatible.Names = .none) throws(Failure) -> String {
        // A file without contents is refused, as it may be a failed export.
        guard !table.isEmpty else { return "# no virtual servers\n" }
        var text = ""
        for entry in table.sortedEntries() {
            try checkNames(of: entry.server)
            text += write(entry.server, entry.realServers, names: names)
        }
        return text
    }

    /// Refuses names that can't be a word of a line. They come from files only.
    private static func checkNames(of server: VirtualServer) throws(Failure) {
        let names = [
            ("scheduler", server.scheduler.rawValue), ("persistence engine", server.persistenceEngine?.rawValue),
        ]
        for case (let kind, let name?) in names {
            let line = "-A -s \(name)"
            // A line also has an address and numbers, which are short.
            guard words(of: line[...]) == ["-A", "-s", name],
                !name.utf8.contains(where: [0, UInt8(ascii: "\n")].contains),
                name.utf8.count <= longestLine - 1_000
            else {
                throw Failure("can't write \(server.id) in ipvsadm's form: its \(kind) \(name.quoted) is not one word")
            }
        }
    }

    /// Writes a virtual server and its real servers, in this order. The kernel has only names that can be in a line.
    static func write(_ server: VirtualServer, _ realServers: [RealServer], names: Compatible.Names = .none) -> String {
        let line = Writer(id: server.id, names: names)
        var text = line.text(of: server) + "\n"
        for real in realServers { text += line.text(of: real) + "\n" }
        return text
    }
}

/// Writes the lines of a virtual server.
private struct Writer {
    let id: VirtualServer.Identity
    let names: Compatible.Names
    private let service: String

    init(id: VirtualServer.Identity, names: Compatible.Names) {
        self.id = id
        self.names = names
        service =
            switch id {
            case .endpoint(let transport, let endpoint):
                Self.option(transport) + Self.text(of: endpoint, transport, names)
            case .firewallMark(let mark, .ipv4): "-f \(mark)"
            case .firewallMark(let mark, .ipv6): "-f \(mark) -6"
            }
    }

    private static func option(_ transport: TransportProtocol) -> String {
        switch transport {
        case .tcp: "-t "
        case .udp: "-u "
        case .sctp: "--sctp-service "
        default: "--ip-service \(transport.rawValue)/"
        }
    }

    private static func text(
        of endpoint: Endpoint,
        _ transport: TransportProtocol?,
        _ names: Compatible.Names
    ) -> String {
        let (address, port) = (endpoint.address, endpoint.port)
        let host = names.host(address)
        let service = transport.flatMap { names.service(port, $0) }
        func text(_ host: String?, _ service: String?) -> String {
            let host = host ?? Compatible.text(of: address)
            return "\(address.family == .ipv6 ? "[\(host)]" : host):\(service ?? String(port))"
        }
        let place = Compatible.Place(address: address, port: port)
        // A name that resolves to something else, or can't be read, is not written.
        for named in [text(host, service), text(nil, service), text(host, nil)] {
            if (try? Compatible.Place(named, of: transport, names, .saved)) == place { return named }
        }
        return text(nil, nil)
    }

    func text(of server: VirtualServer) -> String {
        var text = "-A \(service) -s \(server.scheduler)"
        if let persistence = server.persistence {
            text += " -p \(persistence.timeout)"
            if let mask = persistence.mask { text += " -M \(mask)" }
        }
        if let engine = server.persistenceEngine { text += " --pe \(engine)" }
        if server.flags.contains(.onePacket) { text += " -o" }
        let flags = server.flags.subtracting(.onePacket)
        if !flags.isEmpty { text += " -b " + Compatible.names(of: flags, for: server.scheduler).joined(separator: ",") }
        return text
    }

    func text(of real: RealServer) -> String {
        let transport: TransportProtocol? =
            if case .endpoint(let transport, _) = id { transport } else { nil }
        var text = "-a \(service) -r \(Self.text(of: real.endpoint, transport, names)) \(option(real.forwarding))"
        text += " -w \(real.weight)"
        if case .tunnel(let tunnel) = real.forwarding { text += settings(of: tunnel) }
        if real.upperThreshold != 0 { text += " -x \(real.upperThreshold)" }
        if real.lowerThreshold != 0 { text += " -y \(real.lowerThreshold)" }
        return text
    }

    private func option(_ forwarding: ForwardingMethod) -> String {
        switch forwarding {
        case .masquerade: "-m"
        case .directRouting: "-g"
        case .tunnel: "-i"
        case .local: "--local"
        case .bypass: "--bypass"
        case .other(let number): "--forwarding \(number)"
        }
    }

    private func settings(of tunnel: Tunnel) -> String {
        var text = " --tun-type \(tunnel.kind)"
        if tunnel.kind == .gue { text += " --tun-port \(tunnel.port)" }
        guard tunnel.kind != .ipip else { return text }
        switch tunnel.checksum {
        case .full: text += " --tun-csum"
        case .remote: text += " --tun-remcsum"
        default: text += " --tun-nocsum"
        }
        return text
    }
}

extension Compatible {
    /// The names of flags, by which ``Parser`` knows them. The first two flags of some schedulers have names of their
    /// own.
    static func names(of flags: VirtualServer.Flags, for scheduler: Scheduler) -> [String] {
        let hasOwn = [Scheduler.sourceHashing, .maglevHashing].contains(scheduler)
        let known: [(flag: VirtualServer.Flags, name: String)] = [
            (.scheduler1, hasOwn ? "\(scheduler)-fallback" : "flag-1"),
            (.scheduler2, hasOwn ? "\(scheduler)-port" : "flag-2"),
            (.scheduler3, "flag-3"),
        ]
        let names = known.filter { flags.contains($0.flag) }.map(\.name)
        let rest = known.reduce(flags) { $0.subtracting($1.flag) }
        return rest.isEmpty ? names : names + ["0x" + String(rest.rawValue, radix: 16)]
    }
}
