import IPVSTestModels
import Testing

@testable import IPVS

@Suite("Text forms")
struct TextFormTests {
    @Test(
        "Endpoints",
        arguments: [
            ("10.0.0.1:80", IPAddress(10, 0, 0, 1), 80),
            ("0.0.0.0:0", IPAddress(0, 0, 0, 0), 0),
            ("10.0.0.1:65535", IPAddress(10, 0, 0, 1), 65535),
        ] as [(String, IPAddress, UInt16)]
    )
    func endpoint(text: String, address: IPAddress, port: UInt16) {
        #expect(Endpoint(text) == Endpoint(address, port))
        #expect(Endpoint(address, port).description == text)
    }

    @Test("Endpoints of IPv6 have brackets")
    func bracketedEndpoint() throws {
        let address = try #require(IPAddress("fd00::1"))
        #expect(Endpoint("[fd00::1]:443") == Endpoint(address, 443))
        #expect(Endpoint("[FD00:0:0::1]:443") == Endpoint(address, 443))
        #expect(Endpoint(address, 443).description == "[fd00::1]:443")
        let mapped = try #require(IPAddress("::ffff:10.0.0.1"))
        #expect(Endpoint(mapped, 1).description == "[::ffff:10.0.0.1]:1")
        #expect(Endpoint("[::ffff:10.0.0.1]:1") == Endpoint(mapped, 1))
    }

    @Test(
        "Invalid endpoints are refused",
        arguments: [
            "", ":", "80", ":80", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:+80",
            "10.0.0.1:080", "10.0.0.1:00", "10.0.0.1: 80", "10.0.0.1:80 ", " 10.0.0.1:80", "10.0.0.1:http",
            "10.0.0.1:0x50", "10.0.0.1:\u{661}", "[10.0.0.1]:80", "fd00::1:443",
            "fd00::1", "[fd00::1]", "[fd00::1]443", "[fd00::1:443", "fd00::1]:443", "[[fd00::1]]:443", "[]:443",
            "[fd00::1%lo]:443", "[ fd00::1]:443", "localhost:80", "10.0.0.1:80:80",
        ]
    )
    func endpointRefused(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test("A NUL does not end an endpoint")
    func endpointNUL() {
        for text in ["10.0.0.1:80\0", "10.0.0.1\0:80", "[::1\0]:80"] { #expect(Endpoint(text) == nil) }
    }

    @Test("Endpoints are ordered by address, then by port")
    func endpointOrder() {
        let texts = ["10.0.0.1:2", "10.0.0.1:10", "10.0.0.2:1", "[::]:5", "[::1]:0"]
        let endpoints = texts.compactMap(Endpoint.init(_:))
        #expect(endpoints.count == texts.count)
        #expect(endpoints.reversed().sorted() == endpoints)
    }

    @Test(
        "Transport protocols",
        arguments: [
            ("TCP", .tcp), ("UDP", .udp), ("SCTP", .sctp), ("47", .init(rawValue: 47)), ("0", .init(rawValue: 0)),
        ]
            as [(String, TransportProtocol)]
    )
    func transport(text: String, value: TransportProtocol) {
        #expect(value.description == text)
        #expect(TransportProtocol(text) == value)
        #expect(TransportProtocol(text.lowercased()) == value)
        #expect(TransportProtocol(String(value.rawValue)) == value)
    }

    @Test("Protocol numbers are IANA's")
    func protocolNumbers() {
        #expect([TransportProtocol.tcp, .udp, .sctp].map(\.rawValue) == [6, 17, 132])
    }

    @Test(
        "Invalid protocols are refused",
        arguments: ["", "IP", "T CP", "TCP ", "-6", "+6", "06", "65536", "6.0"]
    )
    func transportRefused(text: String) {
        #expect(TransportProtocol(text) == nil)
    }

    @Test("Only ASCII letters match in either case", arguments: ["\u{17f}ctp", "\u{131}pv6", "udp\u{301}"])
    func otherAlphabets(text: String) {
        #expect(TransportProtocol(text) == nil)
        #expect(IPAddress.Family(text) == nil)
    }

    @Test("Families")
    func families() {
        #expect(IPAddress.Family.ipv4.description == "IPv4")
        #expect(IPAddress.Family.ipv6.description == "IPv6")
        for text in ["IPv4", "ipv4", "IPV4"] { #expect(IPAddress.Family(text) == .ipv4) }
        for text in ["IPv6", "ipv6", "IPV6"] { #expect(IPAddress.Family(text) == .ipv6) }
        for text in ["", "4", "IPv", "IPv5", "inet", "IPv4 "] { #expect(IPAddress.Family(text) == nil) }
        #expect(IPAddress.Family.ipv4.rawValue == 2)
        #expect(IPAddress.Family.ipv6.rawValue == 10)
    }

    @Test("Flags have ipvsadm's names")
    func flagNames() {
        typealias Flags = VirtualServer.Flags
        #expect(Flags([]).names == [])
        #expect(Flags.onePacket.names == ["ops"])
        #expect(
            Flags([.scheduler3, .scheduler1, .scheduler2, .onePacket]).names == ["ops", "flag-1", "flag-2", "flag-3"]
        )
        #expect(Flags(rawValue: 0x40).names == ["0x40"])
        #expect(Flags(rawValue: 0x8000_0044).names == ["ops", "0x80000040"])
        #expect(Flags([.onePacket, .scheduler2]).description == "ops,flag-2")
        #expect(Flags.shFallback == .scheduler1 && Flags.mhFallback == .scheduler1)
        #expect(Flags.shPort == .scheduler2 && Flags.mhPort == .scheduler2)
        #expect([Flags.onePacket, .scheduler1, .scheduler2, .scheduler3].map(\.rawValue) == [4, 8, 16, 32])
    }

    @Test("Flags that callers can't set are dropped")
    func reservedFlags() {
        typealias Flags = VirtualServer.Flags
        #expect(Flags(rawValue: 0x3) == [])
        #expect(Flags(rawValue: 0x7) == .onePacket)
        #expect(Flags(rawValue: .max).rawValue == 0xffff_fffc)
        #expect(Flags(name: "0x3") == [])
    }

    @Test(
        "Flags are read by their names and the schedulers' names",
        arguments: [
            ("ops", .onePacket), ("flag-1", .scheduler1), ("flag-2", .scheduler2), ("flag-3", .scheduler3),
            ("sh-fallback", .scheduler1), ("sh-port", .scheduler2), ("mh-fallback", .scheduler1),
            ("mh-port", .scheduler2), ("0x40", .init(rawValue: 0x40)), ("0xfffffffc", .init(rawValue: 0xffff_fffc)),
        ] as [(String, VirtualServer.Flags)]
    )
    func flagName(name: String, flag: VirtualServer.Flags) {
        #expect(VirtualServer.Flags(name: name) == flag)
    }

    @Test(
        "Invalid flags are refused",
        arguments: ["", "OPS", "flag-4", "persistent", "64", "0x", "0x1ffffffff", "0xg"]
    )
    func flagRefused(name: String) {
        #expect(VirtualServer.Flags(name: name) == nil)
    }

    @Test("All schedulers have the kernel's names")
    func schedulers() {
        let names = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "twos"]
        #expect(RandomModels.allSchedulers.map(\.rawValue) == names)
        #expect(RandomModels.allSchedulers.map(\.description) == names)
        #expect(Scheduler(rawValue: "mine").description == "mine")
        #expect(PersistenceEngine.sip.description == "sip")
    }

    @Test("Versions")
    func versions() {
        #expect(KernelInfo.Version(packed: 0x010201) == KernelInfo.Version(1, 2, 1))
        #expect(KernelInfo.Version(packed: 0xff_0a0b0c).description == "10.11.12")
        #expect(KernelInfo.Version("1.2.1") == KernelInfo.Version(1, 2, 1))
        let refused = ["", "1", "1.2", "1.2.3.4", "1..3", ".1.2.3", "1.2.3.", "1.2.256", "1.2.-1", "01.2.3", "v1.2.1"]
        for text in refused { #expect(KernelInfo.Version(text) == nil) }
        let ordered = ["0.9.9", "1.1.9", "1.2.0", "1.2.10", "2.0.0"].compactMap(KernelInfo.Version.init(_:))
        #expect(ordered.reversed().sorted() == ordered)
        #expect(ordered.count == 5)
    }

    @Test("Roles of sync daemons")
    func roles() {
        for (role, text) in [(SyncDaemon.Role.master, "master"), (.backup, "backup")] {
            #expect(role.description == text)
            #expect(SyncDaemon.Role(text) == role)
        }
        for text in ["", "Master", "both", "1"] { #expect(SyncDaemon.Role(text) == nil) }
    }
}
