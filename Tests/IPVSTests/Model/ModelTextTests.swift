import IPVSTestModels
import Testing

@testable import IPVS

@Suite("Text forms of models")
struct ModelTextTests {
    @Test(
        "Identities",
        arguments: [
            ("TCP 10.96.0.1:80", .tcp(IPAddress(10, 96, 0, 1), 80)),
            ("UDP 10.96.0.1:53", .udp(IPAddress(10, 96, 0, 1), 53)),
            ("SCTP 10.96.0.1:9", .sctp(IPAddress(10, 96, 0, 1), 9)),
            ("47 10.96.0.1:0", .endpoint(TransportProtocol(rawValue: 47), Endpoint(IPAddress(10, 96, 0, 1), 0))),
            ("FWM 7", .firewallMark(7)),
            ("FWM 7 IPv6", .firewallMark(7, .ipv6)),
            ("FWM 4294967295", .firewallMark(.max, .ipv4)),
        ] as [(String, VirtualServer.Identity)]
    )
    func identity(text: String, id: VirtualServer.Identity) {
        #expect(id.description == text)
        #expect(VirtualServer.Identity(text) == id)
        #expect(VirtualServer.Identity(text.lowercased()) == id)
        #expect(VirtualServer.Identity(text.uppercased()) == id)
    }

    @Test("Identities of IPv6 have its family")
    func identityFamilies() throws {
        let id = try #require(VirtualServer.Identity("UDP [fd00::1]:53"))
        #expect(id.family == .ipv6)
        #expect(id.description == "UDP [fd00::1]:53")
        #expect(VirtualServer.Identity("FWM 7 IPv4") == .firewallMark(7))
        #expect(VirtualServer.Identity.firewallMark(7).family == .ipv4)
        #expect(VirtualServer.Identity.firewallMark(7, .ipv6).family == .ipv6)
        #expect(VirtualServer.Identity.firewallMark(7) != .firewallMark(7, .ipv6))
        #expect(VirtualServer.Identity("6 10.0.0.1:1") == .tcp(IPAddress(10, 0, 0, 1), 1))
    }

    @Test(
        "Invalid identities are refused",
        arguments: [
            "", "TCP", "10.96.0.1:80", "TCP 10.96.0.1", "TCP 10.96.0.1 80", "TCP:10.96.0.1:80", "TCP 10.96.0.1:80 IPv4",
            "ICMP 10.96.0.1:80", "TCP fd00::1:80", "FWM", "FWM 0", "FWM -1", "FWM 07", "FWM 4294967296", "FWM 7 IPv5",
            "FWM 7 IPv6 x", "FWM 0x7", "7", "FWM7", "FWM 7,IPv6", "TCP\t10.96.0.1:80", "TCP 10.96.0.1:80\n",
        ]
    )
    func identityRefused(text: String) {
        #expect(VirtualServer.Identity(text) == nil)
    }

    @Test("Identities are ordered: endpoints by family, protocol, address and port, then firewall marks")
    func order() {
        let texts = [
            "TCP 10.0.0.1:80", "TCP 10.0.0.1:81", "TCP 10.0.0.2:1", "UDP 10.0.0.1:80", "TCP [::1]:80", "UDP [::]:1",
            "FWM 1", "FWM 1 IPv6", "FWM 2",
        ]
        let identities = texts.compactMap { VirtualServer.Identity($0) }
        #expect(identities.count == texts.count)
        #expect(identities.reversed().sorted() == identities)
    }

    @Test("Masks")
    func masks() throws {
        let netmask = try #require(Persistence.Mask.netmask(255, 255, 255, 0))
        let prefix = try #require(Persistence.Mask.prefixLength(64))
        #expect(netmask.description == "255.255.255.0")
        #expect(prefix.description == "64")
        #expect(Persistence.Mask("255.255.255.0") == netmask)
        #expect(Persistence.Mask("64") == prefix)
        #expect(netmask.family == .ipv4)
        #expect(prefix.family == .ipv6)
        #expect(Persistence.Mask("0.0.0.0")?.description == "0.0.0.0")
        #expect(Persistence.Mask("127")?.description == "127")
    }

    @Test("A mask that groups nothing is no mask")
    func noMask() {
        #expect(Persistence.Mask.netmask(255, 255, 255, 255) == nil)
        #expect(Persistence.Mask.prefixLength(128) == nil)
        #expect(Persistence.Mask("255.255.255.255") == nil)
        #expect(Persistence.Mask("128") == nil)
        #expect(Persistence(mask: .netmask(255, 255, 255, 255)) == Persistence())
        #expect(Persistence(mask: .prefixLength(128)) == Persistence())
    }

    @Test(
        "Invalid masks are refused",
        arguments: ["", "/24", "064", "-1", "ffff::", "255.255.255", "4294967296", "6 4"]
    )
    func maskRefused(text: String) {
        #expect(Persistence.Mask(text) == nil)
    }

    @Test(
        "Virtual servers on one line",
        arguments: [
            (VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80)), "TCP 10.96.0.1:80 wlc"),
            (
                VirtualServer(
                    .tcp(IPAddress(10, 96, 0, 1), 80),
                    scheduler: .weightedRoundRobin,
                    persistence: Persistence(timeout: 300)
                ),
                "TCP 10.96.0.1:80 wrr persistent 300"
            ),
            (
                VirtualServer(
                    .udp(IPAddress(10, 96, 0, 1), 5060),
                    scheduler: .sourceHashing,
                    flags: [.onePacket, .shPort],
                    persistence: Persistence(mask: .netmask(255, 255, 255, 0)),
                    persistenceEngine: .sip
                ),
                "UDP 10.96.0.1:5060 sh persistent 360 mask 255.255.255.0 pe sip ops,flag-2"
            ),
            (VirtualServer(.firewallMark(7, .ipv6), flags: .scheduler3), "FWM 7 IPv6 wlc flag-3"),
            (VirtualServer(.firewallMark(7), persistenceEngine: .sip), "FWM 7 wlc pe sip"),
        ] as [(VirtualServer, String)]
    )
    func virtualServer(server: VirtualServer, text: String) {
        #expect(server.description == text)
    }

    @Test(
        "Real servers on one line",
        arguments: [
            (.masquerade, "masquerade"), (.local, "local"), (.directRouting, "direct-routing"), (.bypass, "bypass"),
            (.tunnel(.ipip), "tunnel ipip"), (.tunnel(.gre()), "tunnel gre"),
            (.tunnel(.gre(checksum: true)), "tunnel gre checksum full"),
            (.tunnel(.gue(port: 6080)), "tunnel gue port 6080"),
            (.tunnel(.gue(port: 6080, checksum: .remote)), "tunnel gue port 6080 checksum remote"),
        ] as [(ForwardingMethod, String)]
    )
    func realServer(forwarding: ForwardingMethod, text: String) {
        var server = RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: forwarding, weight: 2)
        #expect(forwarding.description == text)
        #expect(server.description == "10.244.1.5:8080 \(text) weight 2")
        server.upperThreshold = 9
        #expect(server.description == "10.244.1.5:8080 \(text) weight 2 upper threshold 9")
        server.lowerThreshold = 3
        #expect(server.description == "10.244.1.5:8080 \(text) weight 2 upper threshold 9 lower threshold 3")
    }

    @Test("Tunnel kinds and checksums")
    func tunnelParts() {
        for (kind, text, number) in [(Tunnel.Kind.ipip, "ipip", "0"), (.gue, "gue", "1"), (.gre, "gre", "2")] {
            #expect(kind.description == text)
            #expect(Tunnel.Kind(text) == kind && Tunnel.Kind(number) == kind)
        }
        for (sum, text, number) in [
            (Tunnel.Checksum.none, "none", "0"), (.full, "full", "1"), (.remote, "remote", "2"),
        ] {
            #expect(sum.description == text)
            #expect(Tunnel.Checksum(text) == sum && Tunnel.Checksum(number) == sum)
        }
        #expect(Tunnel.Kind("7")?.description == "7")
        #expect(Tunnel.Checksum("3")?.description == "3")
        for text in ["", "GUE", "256", "-1"] { #expect(Tunnel.Kind(text) == nil) }
        for text in ["", "FULL", "65536", "-1"] { #expect(Tunnel.Checksum(text) == nil) }
    }

    @Test("The text of random models reads back as the same value", arguments: 1...4)
    func random(seed: UInt64) {
        var models = RandomModels(seed: seed)
        for _ in 0..<2_000 {
            let address = models.address(models.family())
            #expect(IPAddress(address.description) == address)
            let endpoint = Endpoint(address, models.number(0...UInt16.max))
            #expect(Endpoint(endpoint.description) == endpoint)
            let id = models.identity()
            #expect(VirtualServer.Identity(id.description) == id)
            let transport = TransportProtocol(rawValue: models.number(0...UInt16.max))
            #expect(TransportProtocol(transport.description) == transport)
            let flags = VirtualServer.Flags(rawValue: models.number(0...UInt32.max))
            let read: VirtualServer.Flags = flags.names.reduce(into: []) { result, name in
                result.formUnion(VirtualServer.Flags(name: name) ?? [])
            }
            #expect(read == flags)
            if let mask = models.mask(models.family()) { #expect(Persistence.Mask(mask.description) == mask) }
        }
    }
}
