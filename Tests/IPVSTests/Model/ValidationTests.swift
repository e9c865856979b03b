import IPVSTestModels
import Testing

@testable import IPVS

@Suite("Validation")
struct ValidationTests {
    struct Refused: CustomTestStringConvertible, Sendable {
        let request: Request
        let field: String
        let reason: String
        var testDescription: String { "\(field) \(reason)" }

        init(_ request: Request, _ field: String, _ reason: String) {
            (self.request, self.field, self.reason) = (request, field, reason)
        }
    }

    private static let mark = VirtualServer.Identity.firewallMark(7)
    private static let mark6 = VirtualServer.Identity.firewallMark(7, .ipv6)
    private static let host = IPAddress(10, 0, 0, 1)
    private static let host6 = IPAddress("fd00::1") ?? host

    private static func service(
        _ id: VirtualServer.Identity = mark,
        scheduler: String = "rr",
        persistence: Persistence? = nil,
        engine: String? = nil
    ) -> Request {
        .addVirtualServer(
            VirtualServer(
                id,
                scheduler: Scheduler(rawValue: scheduler),
                persistence: persistence,
                persistenceEngine: engine.map(PersistenceEngine.init(rawValue:))
            )
        )
    }

    private static func real(
        _ address: IPAddress = host,
        _ forwarding: ForwardingMethod = .masquerade,
        weight: UInt32 = 1,
        upper: UInt32 = 0,
        lower: UInt32 = 0,
        of id: VirtualServer.Identity = mark
    ) -> Request {
        let server = RealServer(
            address,
            80,
            forwarding: forwarding,
            weight: weight,
            upperThreshold: upper,
            lowerThreshold: lower
        )
        return .addRealServer(server, id)
    }

    private static let refused: [Refused] = [
        Refused(service(.firewallMark(0)), "firewall mark", "is 0"),
        Refused(service(scheduler: ""), "scheduler", "is empty"),
        Refused(service(scheduler: "sixteen-letters!"), "scheduler", #""sixteen-letters!" is longer than 15 bytes"#),
        // Eight letters, sixteen bytes.
        Refused(service(scheduler: "éééééééé"), "scheduler", #""éééééééé" is longer than 15 bytes"#),
        Refused(service(scheduler: "r\0r"), "scheduler", "contains a NUL"),
        Refused(
            service(persistence: Persistence(timeout: 2_678_401)),
            "persistence timeout",
            "2678401 is longer than 2678400 seconds"
        ),
        Refused(
            service(persistence: Persistence(timeout: .max)),
            "persistence timeout",
            "4294967295 is longer than 2678400 seconds"
        ),
        Refused(
            service(persistence: Persistence(mask: .prefixLength(64))),
            "persistence mask",
            "64 is for IPv6, but the virtual server is IPv4"
        ),
        Refused(
            service(mark6, persistence: Persistence(mask: .netmask(255, 255, 255, 0))),
            "persistence mask",
            "255.255.255.0 is for IPv4, but the virtual server is IPv6"
        ),
        Refused(
            service(mark6, persistence: Persistence(mask: .prefixLength(0))),
            "persistence mask",
            "0 is not in 1...128"
        ),
        Refused(
            service(mark6, persistence: Persistence(mask: .prefixLength(129))),
            "persistence mask",
            "129 is not in 1...128"
        ),
        Refused(
            service(engine: ""),
            "persistence engine",
            "is empty"
        ),
        Refused(
            service(engine: "seventeen-letters"),
            "persistence engine",
            #""seventeen-letters" is longer than 16 bytes"#
        ),
        Refused(
            service(engine: "sip\0"),
            "persistence engine",
            "contains a NUL"
        ),

        Refused(real(IPAddress(0, 0, 0, 0)), "address", "0.0.0.0 is not that of a single host"),
        Refused(real(IPAddress(224, 0, 0, 1)), "address", "224.0.0.1 is not that of a single host"),
        Refused(real(IPAddress(239, 255, 255, 255)), "address", "239.255.255.255 is not that of a single host"),
        Refused(real(IPAddress(255, 255, 255, 255)), "address", "255.255.255.255 is not that of a single host"),
        Refused(real(IPAddress("::") ?? host, of: mark6), "address", ":: is not that of a single host"),
        Refused(real(IPAddress("ff02::1") ?? host, of: mark6), "address", "ff02::1 is not that of a single host"),
        Refused(real(weight: 0x8000_0000), "weight", "2147483648 is above 2147483647"),
        Refused(real(upper: 5, lower: 6), "lower threshold", "6 is above the upper threshold, 5"),
        Refused(real(lower: 1), "lower threshold", "1 is above the upper threshold, 0"),
        Refused(real(of: .firewallMark(0)), "firewall mark", "is 0"),
        Refused(real(host, .other(0)), "forwarding method", "0 has a name"),
        Refused(real(host, .other(4)), "forwarding method", "4 has a name"),
        Refused(real(host, .other(8)), "forwarding method", "8 is above 7"),
        Refused(real(host, .tunnel(.gue(port: 0))), "tunnel port", "is 0, which GUE can't be sent to"),

        Refused(.deleteVirtualServer(.firewallMark(0)), "firewall mark", "is 0"),
        Refused(.readVirtualServer(.firewallMark(0, .ipv6)), "firewall mark", "is 0"),
        Refused(.readRealServers(.firewallMark(0)), "firewall mark", "is 0"),
        Refused(.zeroCounters(.firewallMark(0)), "firewall mark", "is 0"),
        Refused(.deleteRealServer(Endpoint(host, 80), .firewallMark(0)), "firewall mark", "is 0"),

        Refused(.setTimeouts(Timeouts(tcp: 0)), "TCP timeout", "is 0; leave it out to keep the kernel's value"),
        Refused(.setTimeouts(Timeouts(tcpFIN: 0)), "TCP FIN timeout", "is 0; leave it out to keep the kernel's value"),
        Refused(.setTimeouts(Timeouts(udp: 0)), "UDP timeout", "is 0; leave it out to keep the kernel's value"),
        Refused(.setTimeouts(Timeouts(tcp: 0x8000_0000)), "TCP timeout", "2147483648 is above 2147483647 seconds"),
        Refused(.setTimeouts(Timeouts(tcpFIN: .max)), "TCP FIN timeout", "4294967295 is above 2147483647 seconds"),
        Refused(.setTimeouts(Timeouts(udp: .max)), "UDP timeout", "4294967295 is above 2147483647 seconds"),

        Refused(.startDaemon(SyncDaemon(.master, interface: "")), "interface", "is empty"),
        Refused(
            .startDaemon(SyncDaemon(.master, interface: "sixteen-letters!")),
            "interface",
            #""sixteen-letters!" is longer than 15 bytes"#
        ),
        Refused(.startDaemon(SyncDaemon(.master, interface: "lo\0")), "interface", "contains a NUL"),
        Refused(.startDaemon(SyncDaemon(.master, interface: "lo", syncID: 256)), "sync ID", "256 is above 255"),
        Refused(
            .startDaemon(SyncDaemon(.master, interface: "lo", maximumLength: 0)),
            "maximum length",
            "is 0; leave it out for the kernel's choice"
        ),
        Refused(
            .startDaemon(SyncDaemon(.master, interface: "lo", port: 0)),
            "port",
            "is 0; leave it out for the kernel's choice"
        ),
        Refused(
            .startDaemon(SyncDaemon(.master, interface: "lo", timeToLive: 0)),
            "time to live",
            "is 0; leave it out for the kernel's choice"
        ),
        Refused(
            .startDaemon(SyncDaemon(.master, interface: "lo", group: IPAddress(223, 255, 255, 255))),
            "multicast group",
            "223.255.255.255 is not a multicast address"
        ),
        Refused(
            .startDaemon(SyncDaemon(.backup, interface: "lo", group: IPAddress(240, 0, 0, 0))),
            "multicast group",
            "240.0.0.0 is not a multicast address"
        ),
        Refused(
            .startDaemon(SyncDaemon(.backup, interface: "lo", group: host6)),
            "multicast group",
            "fd00::1 is not a multicast address"
        ),
    ]

    /// The key of each field in the coded model.
    private static let paths = [
        "firewall mark": "id", "scheduler": "scheduler", "persistence timeout": "persistence.timeout",
        "persistence mask": "persistence.mask", "persistence engine": "persistenceEngine", "address": "endpoint",
        "weight": "weight", "lower threshold": "lowerThreshold", "forwarding method": "forwarding",
        "tunnel port": "forwarding.tunnel.port", "TCP timeout": "tcp", "TCP FIN timeout": "tcpFIN",
        "UDP timeout": "udp",
        "interface": "interface", "sync ID": "syncID", "maximum length": "maximumLength", "port": "port",
        "time to live": "timeToLive", "multicast group": "group",
    ]

    @Test("The error for a value that no kernel accepts names its field", arguments: refused)
    func refuses(row: Refused) throws {
        let error = try #require(throws: InvalidValue.self) { try row.request.validate() }
        #expect(error.field.name == row.field && error.reason == row.reason)
        #expect(error.field.path.description == Self.paths[row.field])
    }

    @Test("An update is refused like an addition", arguments: refused)
    func refusesUpdates(row: Refused) throws {
        let update: Request
        switch row.request {
        case .addVirtualServer(let server): update = .updateVirtualServer(server)
        case .addRealServer(let server, let id): update = .updateRealServer(server, id)
        default: return
        }
        let error = try #require(throws: InvalidValue.self) { try update.validate() }
        #expect(error.field.name == row.field && error.reason == row.reason)
    }

    @Test("Real servers of another address family need a tunnel")
    func families() throws {
        let reason6 = "fd00::1 is IPv6, but the virtual server is IPv4: only a tunnel leads to another family"
        let reason4 = "10.0.0.1 is IPv4, but the virtual server is IPv6: only a tunnel leads to another family"
        for method in [ForwardingMethod.masquerade, .local, .directRouting, .bypass] {
            let error6 = try #require(throws: InvalidValue.self) { try Self.real(Self.host6, method).validate() }
            #expect(error6.field.name == "address" && error6.reason == reason6)
            let error4 = try #require(throws: InvalidValue.self) {
                try Self.real(Self.host, method, of: Self.mark6).validate()
            }
            #expect(error4.field.name == "address" && error4.reason == reason4)
        }
        for tunnel in [Tunnel.ipip, .gre(), .gue(port: 1)] {
            try Self.real(Self.host6, .tunnel(tunnel)).validate()
            try Self.real(Self.host, .tunnel(tunnel), of: Self.mark6).validate()
        }
    }

    private static let allowed: [Request] = [
        service(.firewallMark(1)), service(.firewallMark(.max, .ipv6)),
        // The kernel accepts port 0 and protocols that it doesn't balance.
        service(.tcp(host, 0)), service(.endpoint(TransportProtocol(rawValue: 0), Endpoint(host, 0))),
        service(.udp(IPAddress(0, 0, 0, 0), 1)), service(.udp(IPAddress(224, 0, 0, 1), 1)),
        service(scheduler: "x"), service(scheduler: "fifteen-letters"), service(scheduler: "ééééééé"),
        service(persistence: Persistence(timeout: 0)), service(persistence: Persistence(timeout: 2_678_400)),
        service(persistence: Persistence(mask: .netmask(0, 0, 0, 0))),
        service(persistence: Persistence(mask: .netmask(255, 0, 255, 0))),
        service(mark6, persistence: Persistence(mask: .prefixLength(1))),
        service(mark6, persistence: Persistence(mask: .prefixLength(127))),
        service(engine: "sixteen-letters!"),
        real(weight: 0), real(weight: 0x7fff_ffff), real(upper: .max, lower: .max), real(upper: 1, lower: 0),
        real(IPAddress(127, 0, 0, 1)), real(IPAddress(223, 255, 255, 255)), real(IPAddress(240, 0, 0, 1)),
        real(IPAddress("fe80::1") ?? host, of: mark6), real(IPAddress("feff::1") ?? host, of: mark6),
        real(IPAddress("::1") ?? host, of: mark6),
        real(host, .tunnel(.gue(port: 1))), real(host, .tunnel(.gue(port: 65535, checksum: .remote))),
        real(host, .tunnel(.gre(checksum: true))), real(host, .tunnel(.ipip)), real(host, .other(5)),
        real(host, .other(7)),
        .deleteRealServer(Endpoint(IPAddress(0, 0, 0, 0), 0), mark),
        .setTimeouts(Timeouts()), .setTimeouts(Timeouts(tcp: 1, tcpFIN: 1, udp: 1)),
        .setTimeouts(Timeouts(tcp: 0x7fff_ffff, tcpFIN: 0x7fff_ffff, udp: 0x7fff_ffff)),
        .startDaemon(SyncDaemon(.master, interface: "l", syncID: 255, group: IPAddress(224, 0, 0, 0))),
        .startDaemon(SyncDaemon(.backup, interface: "fifteen-letters", group: IPAddress(239, 255, 255, 255))),
        .startDaemon(SyncDaemon(.backup, interface: "lo", group: IPAddress("ff02::1"), port: .max, timeToLive: .max)),
        .readVirtualServers, .flush, .zeroCounters(nil), .zeroCounters(mark), .readTimeouts, .readInfo,
        .stopDaemon(.master), .readDaemons,
    ]

    @Test("Values that a kernel could accept are allowed", arguments: allowed)
    func allows(request: Request) throws {
        try request.validate()
    }

    @Test("The random models of the other tests are valid", arguments: 1...4)
    func random(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<1_000 {
            let server = models.virtualServer()
            try Request.addVirtualServer(server).validate()
            try Request.addRealServer(models.realServer(for: server.id), server.id).validate()
            try Request.setTimeouts(models.timeouts()).validate()
            try Request.startDaemon(models.syncDaemon()).validate()
        }
    }
}
