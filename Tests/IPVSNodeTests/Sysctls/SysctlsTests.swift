import Foundation
import Glibc
import IPVS
import Testing

@testable import IPVSNode
@testable import Netlink

@Suite("Kernel settings")
struct SysctlsTests {
    private let wanted = [
        Sysctl("net.ipv4.vs.conntrack", 1), Sysctl("net.ipv4.ip_forward", 1), Sysctl("net.nosuch", 1),
    ]
    private let conntrack = "/proc/sys/net/ipv4/vs/conntrack"
    private let forward = "/proc/sys/net/ipv4/ip_forward"

    @Test("Only settings that differ are written, and missing ones are reported")
    func ensure() throws {
        let files = FakeFiles([conntrack: "0", forward: "1"])
        let sysctls = Sysctls(files: files)
        let outcome = sysctls.ensure(wanted)
        #expect(outcome.changes == [Sysctls.Change(name: "net.ipv4.vs.conntrack", before: 0, after: 1)])
        #expect(outcome.missing == ["net.nosuch"])
        #expect(outcome.failures.isEmpty)
        #expect(files.writes == ["\(conntrack)=1"])
        #expect(sysctls.ensure(wanted).changes.isEmpty)
        #expect(try sysctls.value(of: "net.ipv4.ip_forward") == 1)
        #expect(try sysctls.value(of: "net.nosuch") == nil)
    }

    @Test("A failure for one setting doesn't keep the others from being set")
    func failure() throws {
        let files = FakeFiles([conntrack: "0", forward: "0"])
        files.refusals = [conntrack: EROFS]
        let outcome = Sysctls(files: files).ensure(wanted)
        #expect(outcome.changes.map(\.name) == ["net.ipv4.ip_forward"])
        #expect(outcome.failures.map(\.description) == ["can't write net.ipv4.vs.conntrack: Read-only file system"])
        #expect(outcome.failures.first?.errno == EROFS)
    }

    @Test("A value that is not a number is an error")
    func notANumber() {
        let error = #expect(throws: SysctlError.self) {
            try Sysctls(files: FakeFiles([forward: "1 2"])).value(of: "net.ipv4.ip_forward")
        }
        #expect(error?.description == "can't read net.ipv4.ip_forward: \"1 2\" is not a number")
    }

    @Test("Restoring undoes the changes in reverse order, but not settings that others have changed since")
    func restore() throws {
        let files = FakeFiles([conntrack: "0", forward: "0", "/proc/sys/net/a": "5"])
        let sysctls = Sysctls(files: files)
        let changes = sysctls.ensure(wanted + [Sysctl("net.a", 1)]).changes
        let coded = try JSONDecoder().decode([Sysctls.Change].self, from: JSONEncoder().encode(changes))
        files.values["/proc/sys/net/a"] = "7"
        files.writes = []
        let outcome = sysctls.restore(coded)
        #expect(files.writes == ["\(forward)=0", "\(conntrack)=0"])
        #expect(files.values["/proc/sys/net/a"] == "7")
        #expect(outcome.changes.map(\.after) == [0, 0])
    }

    @Test("A namespace that doesn't exist is not reported as a missing setting")
    func namespace() {
        let sysctls = Sysctls(namespace: .named("swift-ipvs-nosuch"))
        let outcome = sysctls.ensure([Sysctl("net.ipv4.ip_forward", 1)])
        #expect(outcome.missing.isEmpty)
        #expect(
            outcome.failures.map(\.description)
                == ["can't read net.ipv4.ip_forward: no network namespace /run/netns/swift-ipvs-nosuch"]
        )
    }

    @Test(
        "The connection reuse mode depends on the kernel",
        arguments: [
            ("4.0", false), ("4.1.0", true), ("5.8.18-generic", true), ("5.9-rc1", false), ("6.12.1+deb13", false),
        ]
    )
    func reuseMode(release: String, isSet: Bool) throws {
        let settings = Sysctl.ipvsMode(on: try #require(KernelVersion(release)))
        #expect(settings.contains(Sysctl("net.ipv4.vs.conn_reuse_mode", 0)) == isSet)
        #expect(settings.count == (isSet ? 5 : 4))
    }

    @Test("Strict ARP and IPv6 forwarding are set if requested")
    func options() {
        let names = Sysctl.ipvsMode(on: KernelVersion(6, 1), forwardingIPv6: true, strictARP: true).map(\.name)
        #expect(
            names.suffix(3) == [
                "net.ipv6.conf.all.forwarding", "net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.all.arp_announce",
            ]
        )
    }

    @Test(
        "The limit of tracked connections grows with the cores, and 0 leaves the kernel's",
        arguments: [
            (nil, nil, 4, nil), (nil, 131_072, 4, nil), (0, 131_072, 4, nil), (32_768, nil, 4, 131_072),
            (32_768, 131_072, 2, 131_072), (32_768, 131_072, 8, 262_144), (32_768, 0, 1, 32_768),
            (1_000_000_000, nil, 64, 2_147_483_647), (2, 4_000_000_000, 2, 2_147_483_647),
        ] as [(UInt32?, UInt32?, Int, Int?)]
    )
    func trackedConnections(maxPerCore: UInt32?, min: UInt32?, cores: Int, limit: Int?) {
        let settings = Sysctl.connectionTracking(maxPerCore: maxPerCore, min: min, cores: cores)
        #expect(settings == limit.map { [Sysctl("net.netfilter.nf_conntrack_max", $0)] } ?? [])
    }

    @Test("Timeouts of tracked connections, where 0 leaves the kernel's, and the machine's own cores")
    func trackedTimeouts() throws {
        let names = ["established", "close_wait"].map { "net.netfilter.nf_conntrack_tcp_timeout_\($0)" }
        let both = Sysctl.connectionTracking(tcpEstablishedTimeout: 86_400, tcpCloseWaitTimeout: 3_600)
        #expect(both == [Sysctl(names[0], 86_400), Sysctl(names[1], 3_600)])
        let one = Sysctl.connectionTracking(tcpEstablishedTimeout: 0, tcpCloseWaitTimeout: 60)
        #expect(one == [Sysctl(names[1], 60)])
        let udp = ["net.netfilter.nf_conntrack_udp_timeout", "net.netfilter.nf_conntrack_udp_timeout_stream"]
        #expect(
            Sysctl.connectionTracking(udpTimeout: 30, udpStreamTimeout: 120) == [
                Sysctl(udp[0], 30), Sysctl(udp[1], 120),
            ]
        )
        #expect(Sysctl.connectionTracking(udpTimeout: 0, udpStreamTimeout: 1) == [Sysctl(udp[1], 1)])
        #expect(
            Sysctl.connectionTracking(tcpIsLiberal: true) == [Sysctl("net.netfilter.nf_conntrack_tcp_be_liberal", 1)]
        )
        let limit = try #require(Sysctl.connectionTracking(maxPerCore: 1).first?.value)
        #expect(limit == sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    @Test(
        "A version is read from a release, or is nil",
        arguments: ["", "6", "x.1", "6.", "6.x", "-6.1", "+6.1", " 6.1"]
    )
    func noVersion(text: String) { #expect(KernelVersion(text) == nil) }

    @Test("The running kernel has a version")
    func running() { #expect(KernelVersion.running > KernelVersion(2, 6)) }
}
