import IPVSTestModels
import Testing

@testable import IPVS

@Suite("JSON")
struct CodableTests {
    private func expect<Value: Codable & Equatable>(
        _ value: Value,
        _ text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try json(value) == text, sourceLocation: sourceLocation)
        #expect(try decode(text) == value, sourceLocation: sourceLocation)
    }

    @Test("Values with a text form are coded as that text")
    func texts() throws {
        try expect(IPAddress(10, 0, 0, 1), #""10.0.0.1""#)
        try expect(try #require(IPAddress("::ffff:10.0.0.1")), #""::ffff:10.0.0.1""#)
        try expect(IPAddress.Family.ipv6, #""IPv6""#)
        try expect(try #require(Endpoint("[fd00::1]:443")), #""[fd00::1]:443""#)
        try expect(TransportProtocol.sctp, #""SCTP""#)
        try expect(TransportProtocol(rawValue: 47), #""47""#)
        try expect(Scheduler.powerOfTwoChoices, #""twos""#)
        try expect(Scheduler(rawValue: "mine"), #""mine""#)
        try expect(PersistenceEngine.sip, #""sip""#)
        try expect(VirtualServer.Identity.firewallMark(7), #""FWM 7""#)
        try expect(VirtualServer.Identity.firewallMark(7, .ipv6), #""FWM 7 IPv6""#)
        try expect(try #require(Persistence.Mask("255.255.0.0")), #""255.255.0.0""#)
        try expect(try #require(Persistence.Mask("64")), #""64""#)
        try expect(Tunnel.Kind.gue, #""gue""#)
        try expect(Tunnel.Checksum.remote, #""remote""#)
        try expect(SyncDaemon.Role.backup, #""backup""#)
        try expect(KernelInfo.Version(1, 2, 1), #""1.2.1""#)
    }

    @Test("Virtual servers")
    func virtualServer() throws {
        try expect(
            VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80)),
            #"{"id":"TCP 10.96.0.1:80","scheduler":"wlc"}"#
        )
        try expect(
            VirtualServer(
                try #require(VirtualServer.Identity("UDP [fd00::1]:53")),
                scheduler: .sourceHashing,
                flags: [.onePacket, .scheduler1],
                persistence: Persistence(timeout: 300, mask: .prefixLength(64)),
                persistenceEngine: .sip
            ),
            #"{"flags":["ops","flag-1"],"id":"UDP [fd00::1]:53","#
                + #""persistence":{"mask":"64","timeout":300},"persistenceEngine":"sip","scheduler":"sh"}"#
        )
        try expect(
            VirtualServer(.firewallMark(7), persistence: Persistence()),
            #"{"id":"FWM 7","persistence":{"timeout":360},"scheduler":"wlc"}"#
        )
    }

    @Test("What a virtual server's JSON omits has the initializer's defaults")
    func virtualServerDefaults() throws {
        let server = try decode(#"{"id":"tcp 10.96.0.1:80"}"#, as: VirtualServer.self)
        #expect(server == VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80)))
        let null = #"{"id":"TCP 10.96.0.1:80","scheduler":null,"flags":null,"persistence":null}"#
        #expect(try decode(null, as: VirtualServer.self) == server)
    }

    @Test("Flags are read by any of their names, and written with the generic ones")
    func flags() throws {
        let flags = try decode(#"["sh-port","mh-fallback","ops","0x40"]"#, as: VirtualServer.Flags.self)
        #expect(flags == [.onePacket, .scheduler1, .scheduler2, VirtualServer.Flags(rawValue: 0x40)])
        #expect(try json(flags) == #"["ops","flag-1","flag-2","0x40"]"#)
        try expect(VirtualServer.Flags(), "[]")
    }

    @Test(
        "Forwarding methods",
        arguments: [
            (.masquerade, #""masquerade""#), (.local, #""local""#), (.directRouting, #""direct-routing""#),
            (.bypass, #""bypass""#), (.tunnel(.ipip), #""tunnel""#),
            (.tunnel(.gue(port: 6080)), #"{"tunnel":{"kind":"gue","port":6080}}"#),
            (.tunnel(.gue(port: 1, checksum: .full)), #"{"tunnel":{"checksum":"full","kind":"gue","port":1}}"#),
            (.tunnel(.gue(port: 1, checksum: .remote)), #"{"tunnel":{"checksum":"remote","kind":"gue","port":1}}"#),
            (.tunnel(.gre()), #"{"tunnel":{"kind":"gre"}}"#),
            (.tunnel(.gre(checksum: true)), #"{"tunnel":{"checksum":"full","kind":"gre"}}"#),
            (.other(5), #""5""#),
        ] as [(ForwardingMethod, String)]
    )
    func forwarding(method: ForwardingMethod, text: String) throws {
        try expect(method, text)
    }

    @Test("Tunnels can be written as objects, and unknown numbers of newer kernels are kept")
    func tunnels() throws {
        #expect(try decode(#"{"tunnel":{"kind":"ipip"}}"#, as: ForwardingMethod.self) == .tunnel(.ipip))
        #expect(
            try decode(#"{"tunnel":{"kind":"gre","checksum":"none"}}"#, as: ForwardingMethod.self) == .tunnel(.gre())
        )
        let unknown = #"{"tunnel":{"checksum":"3","kind":"9","port":7}}"#
        #expect(try json(try decode(unknown, as: ForwardingMethod.self)) == unknown)
    }

    @Test("Real servers")
    func realServer() throws {
        try expect(
            RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade),
            #"{"endpoint":"10.244.1.5:8080","forwarding":"masquerade","weight":1}"#
        )
        try expect(
            RealServer(
                IPAddress(10, 244, 1, 5),
                8080,
                forwarding: .tunnel(.gue(port: 6080, checksum: .full)),
                weight: 0,
                upperThreshold: 100,
                lowerThreshold: 50
            ),
            #"{"endpoint":"10.244.1.5:8080","#
                + #""forwarding":{"tunnel":{"checksum":"full","kind":"gue","port":6080}},"#
                + #""lowerThreshold":50,"upperThreshold":100,"weight":0}"#
        )
        let least = #"{"endpoint":"10.244.1.5:8080","forwarding":"local"}"#
        #expect(
            try decode(least, as: RealServer.self) == RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .local)
        )
    }

    @Test("Statistics and connection counts")
    func statuses() throws {
        var statistics = Statistics()
        statistics.connections = 1
        statistics.incomingPackets = 2
        statistics.outgoingPackets = 3
        statistics.incomingBytes = 4
        statistics.outgoingBytes = .max
        statistics.rates.connections = 6
        statistics.rates.incomingPackets = 7
        statistics.rates.outgoingPackets = 8
        statistics.rates.incomingBytes = 9
        statistics.rates.outgoingBytes = 10
        let counters =
            #"{"connections":1,"incomingBytes":4,"incomingPackets":2,"outgoingBytes":18446744073709551615,"#
            + #""outgoingPackets":3,"rates":{"connections":6,"incomingBytes":9,"incomingPackets":7,"#
            + #""outgoingBytes":10,"outgoingPackets":8}}"#
        try expect(statistics, counters)
        try expect(
            VirtualServer.Status(server: VirtualServer(.firewallMark(7)), statistics: statistics),
            #"{"server":{"id":"FWM 7","scheduler":"wlc"},"statistics":\#(counters)}"#
        )
        try expect(
            RealServer.Status(
                server: RealServer(IPAddress(10, 0, 0, 1), 1, forwarding: .local),
                activeConnections: 3,
                inactiveConnections: 2,
                persistentConnections: 1,
                statistics: statistics
            ),
            #"{"activeConnections":3,"inactiveConnections":2,"persistentConnections":1,"#
                + #""server":{"endpoint":"10.0.0.1:1","forwarding":"local","weight":1},"statistics":\#(counters)}"#
        )
    }

    @Test("Settings")
    func settings() throws {
        try expect(Timeouts(), "{}")
        try expect(Timeouts(tcp: 900, tcpFIN: 120, udp: 300), #"{"tcp":900,"tcpFIN":120,"udp":300}"#)
        try expect(
            KernelInfo(version: KernelInfo.Version(1, 2, 1), connectionTableSize: 4096),
            #"{"connectionTableSize":4096,"version":"1.2.1"}"#
        )
        try expect(SyncDaemon(.master, interface: "eth0"), #"{"interface":"eth0","role":"master","syncID":0}"#)
        try expect(
            SyncDaemon(
                .backup,
                interface: "eth0",
                syncID: 7,
                maximumLength: 1400,
                group: IPAddress(224, 0, 0, 99),
                port: 8849,
                timeToLive: 2
            ),
            #"{"group":"224.0.0.99","interface":"eth0","maximumLength":1400,"port":8849,"role":"backup","syncID":7,"#
                + #""timeToLive":2}"#
        )
    }

    @Test("Omitted values have the initializers' defaults")
    func defaults() throws {
        let daemon = try decode(#"{"role":"backup","interface":"eth0"}"#) as SyncDaemon
        #expect(daemon == SyncDaemon(.backup, interface: "eth0"))
        #expect(try decode("{}") as Persistence == Persistence())
    }

    @Test("A mask that groups nothing is no mask", arguments: ["255.255.255.255", "128"])
    func groupingNothing(mask: String) throws {
        #expect(try decode(#"{"timeout":60,"mask":"\#(mask)"}"#) as Persistence == Persistence(timeout: 60))
    }

    @Test("The JSON of random models reads back as the same value", arguments: 1...2)
    func random(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<500 {
            let server = models.virtualServer()
            #expect(try decode(json(server)) == server)
            let real = models.realServer(for: server.id)
            #expect(try decode(json(real)) == real)
            let status = VirtualServer.Status(server: server, statistics: models.statistics())
            #expect(try decode(json(status)) == status)
            let daemon = models.syncDaemon()
            #expect(try decode(json(daemon)) == daemon)
            let timeouts = models.timeouts()
            #expect(try decode(json(timeouts)) == timeouts)
        }
    }
}
