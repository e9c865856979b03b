@testable import IPVS

/// Reads ipvsadm's command line, as far as the captures need it.
struct IPVSAdmLine {
    private var words: [String: String] = [:]
    private var switches: Set<String> = []

    private static let valueOptions: Set = [
        "-t", "-u", "--sctp-service", "-f", "-s", "-M", "--pe", "-b", "-r", "-w", "-x", "-y", "--tun-type",
        "--tun-port",
        "--mcast-interface", "--syncid", "--sync-maxlen", "--mcast-group", "--mcast-port", "--mcast-ttl",
        "--start-daemon", "--stop-daemon",
    ]
    private var settings: [UInt32] = []

    init(_ line: String) {
        var rest = line.split(separator: " ").map(String.init)[...]
        precondition(rest.popFirst() == "ipvsadm")
        while let word = rest.popFirst() {
            if Self.valueOptions.contains(word) {
                words[word] = rest.popFirst()
            } else if word == "-p" {
                // Its value can be omitted; ipvsadm's default is 360.
                words[word] = rest.first.flatMap { UInt32($0) } == nil ? "360" : rest.popFirst()
            } else if word == "--set" {
                settings = rest.prefix(3).compactMap { UInt32($0) }
                rest = rest.dropFirst(3)
            } else {
                switches.insert(word)
            }
        }
    }

    func has(_ option: String) -> Bool { switches.contains(option) }

    private func number<Number: FixedWidthInteger>(_ option: String) -> Number? { words[option].flatMap { Number($0) } }

    var identity: VirtualServer.Identity? {
        for (option, transport) in [("-t", TransportProtocol.tcp), ("-u", .udp), ("--sctp-service", .sctp)] {
            if let endpoint = words[option].flatMap({ Endpoint($0) }) { return .endpoint(transport, endpoint) }
        }
        return number("-f").map { .firewallMark($0, has("-6") ? .ipv6 : .ipv4) }
    }

    private var server: VirtualServer? {
        guard let identity else { return nil }
        var flags = words["-b"].map { names in
            names.split(separator: ",").reduce(into: VirtualServer.Flags()) { flags, name in
                guard let flag = VirtualServer.Flags(name: String(name)) else { preconditionFailure("flag \(name)") }
                flags.formUnion(flag)
            }
        }
        if has("-o") { flags = (flags ?? []).union(.onePacket) }
        let persistence = (number("-p") as UInt32?).map { timeout in
            Persistence(
                timeout: timeout,
                mask: words["-M"].flatMap { Persistence.Mask($0) }
            )
        }
        return VirtualServer(
            identity,
            scheduler: words["-s"].map(Scheduler.init(rawValue:)) ?? .weightedLeastConnection,
            flags: flags ?? [],
            persistence: persistence,
            persistenceEngine: words["--pe"].map(PersistenceEngine.init(rawValue:))
        )
    }

    private var forwarding: ForwardingMethod {
        if has("-m") { return .masquerade }
        guard has("-i") else { return .directRouting }
        switch words["--tun-type"] {
        case "gue":
            let checksum: Tunnel.Checksum = has("--tun-csum") ? .full : has("--tun-remcsum") ? .remote : .none
            return .tunnel(.gue(port: number("--tun-port") ?? 0, checksum: checksum))
        case "gre": return .tunnel(.gre(checksum: has("--tun-csum")))
        default: return .tunnel(.ipip)
        }
    }

    /// The real server of the line. One without a port, for a firewall mark, gets 0.
    private var realServer: RealServer? {
        guard let text = words["-r"], let endpoint = Endpoint(text) ?? IPAddress(text).map({ Endpoint($0, 0) })
        else { return nil }
        return RealServer(
            endpoint,
            forwarding: forwarding,
            weight: number("-w") ?? 1,
            upperThreshold: number("-x") ?? 0,
            lowerThreshold: number("-y") ?? 0
        )
    }

    private var daemon: SyncDaemon? {
        guard let role = words["--start-daemon"].flatMap({ SyncDaemon.Role($0) }) else { return nil }
        return SyncDaemon(
            role,
            interface: words["--mcast-interface"] ?? "",
            syncID: number("--syncid") ?? 0,
            maximumLength: number("--sync-maxlen"),
            group: words["--mcast-group"].flatMap { IPAddress($0) },
            port: number("--mcast-port"),
            timeToLive: number("--mcast-ttl")
        )
    }

    /// The requests that the line makes, after the version that each line requests. The real servers of a listing are
    /// not among them.
    var request: Request? {
        if let role = words["--stop-daemon"].flatMap({ SyncDaemon.Role($0) }) { return .stopDaemon(role) }
        if let daemon { return .startDaemon(daemon) }
        if settings.count == 3 {
            // With ipvsadm, 0 keeps a value.
            let values = settings.map { $0 == 0 ? nil : $0 }
            return .setTimeouts(Timeouts(tcp: values[0], tcpFIN: values[1], udp: values[2]))
        }
        if has("-C") { return .flush }
        if has("-Z") { return .zeroCounters(identity) }
        if has("--timeout") { return .readTimeouts }
        if has("--daemon") { return .readDaemons }
        if has("-Ln") || has("-Sn") { return identity.map { .readVirtualServer($0) } ?? .readVirtualServers }
        guard let identity, let server else { return nil }
        if has("-A") { return .addVirtualServer(server) }
        if has("-E") { return .updateVirtualServer(server) }
        if has("-D") { return .deleteVirtualServer(identity) }
        guard let realServer else { return nil }
        if has("-a") { return .addRealServer(realServer, identity) }
        if has("-e") { return .updateRealServer(realServer, identity) }
        if has("-d") { return .deleteRealServer(realServer.endpoint, identity) }
        return nil
    }
}
