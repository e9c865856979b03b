import IPVS
import IPVSProxyTestSamples
import IPVSProxyTesting
import Testing

@testable import IPVSNode
@testable import IPVSProxy

@Suite("The label of a proxier's interface")
struct InterfaceLabelTests {
    @Test(
        "Writing and reading labels",
        arguments: [
            ("swift-ipvs", InterfaceLabel()),
            (
                "swift-ipvs ipv4.ip_forward=0:1 ipv6.conf.all.forwarding=-1:1",
                InterfaceLabel(changes: [
                    Sysctls.Change(name: "net.ipv4.ip_forward", before: 0, after: 1),
                    Sysctls.Change(name: "net.ipv6.conf.all.forwarding", before: -1, after: 1),
                ])
            ),
        ]
    )
    func labels(text: String, label: InterfaceLabel) {
        #expect(InterfaceLabel(text) == label)
        #expect(label.description == text)
    }

    @Test("Texts that are not labels, and labels of later versions")
    func otherLabels() {
        for text in ["", " ", "uplink", "swift-ipvs2", "taking-over swift-ipvs"] {
            #expect(InterfaceLabel(text) == nil)
        }
        #expect(InterfaceLabel("swift-ipvs new=feature a=1 b=1:2:3 =") == InterfaceLabel())
    }

    /// The settings of the IPVS mode.
    private let all = Sysctl.ipvsMode(on: KernelVersion(5, 4), forwardingIPv6: true, strictARP: true)
        .map { Sysctls.Change(name: $0.name, before: 0, after: $0.value) }

    /// With the highest limit, and timeouts of 115 days.
    private let tracking = Sysctl.connectionTracking(
        maxPerCore: .max,
        tcpEstablishedTimeout: 9_999_999,
        tcpCloseWaitTimeout: 9_999_999,
        tcpIsLiberal: true,
        udpTimeout: 9_999_999,
        udpStreamTimeout: 9_999_999
    )
    .map { Sysctls.Change(name: $0.name, before: $0.value == 1 ? 0 : $0.value, after: $0.value) }

    private let timeouts = TimeoutSetting.allCases.map {
        TimeoutSetting.Change($0, before: 9_000_000, after: 9_999_999)
    }

    @Test("All settings and timeouts fit into an alias, even if all timeouts were 115 days")
    func fits() throws {
        #expect(all.count + tracking.count == 14 && Set((all + tracking).map(\.name)) == Sysctl.knownNames)
        for timeouts in [[], timeouts] {
            for changes in [all, tracking, all + tracking] {
                var label = InterfaceLabel()
                label.note(changes)
                label.note(timeouts)
                #expect(label.description.utf8.count < 256)
                #expect(InterfaceLabel(label.description) == label)
            }
        }
    }

    @Test("Names are short only if an alias has no room for long ones")
    func shortNames() {
        let long = InterfaceLabel(changes: Array(all.prefix(1)), timeouts: timeouts)
        let text = "swift-ipvs tcp=9000000:9999999 tcpfin=9000000:9999999 udp=9000000:9999999"
        #expect(long.description == "\(text) ipv4.vs.conntrack=0:1")
        let short = InterfaceLabel(changes: all, timeouts: timeouts)
        let names = [
            "conntrack=0:1", "conn_reuse_mode=0:0", "expire_nodest_conn=0:1", "expire_quiescent_template=0:1",
            "ip_forward=0:1", "forwarding=0:1", "arp_ignore=0:1", "arp_announce=0:2",
        ]
        #expect(short.description == "\(text) \(names.joined(separator: " "))")
        #expect(
            InterfaceLabel("swift-ipvs conntrack=0:1 ipv4.ip_forward=0:1") == InterfaceLabel(changes: [all[0], all[4]])
        )
        // A name that only ends like one of these is not shortened.
        let other = Sysctls.Change(name: "net.ipv4.conf.eth0.forwarding", before: 0, after: 1)
        let restorable = RestorableSettings(configured: [Sysctl(other.name, 1)])
        let label = InterfaceLabel(changes: [other] + all.dropLast(2), timeouts: timeouts)
        #expect(label.description.contains(" ipv4.conf.eth0.forwarding=0:1 conntrack=0:1 "))
        #expect(InterfaceLabel(label.description, restoring: restorable) == label)
    }

    /// Later versions must still read them.
    @Test("Initials, if there is no room for the last parts of names")
    func initials() {
        let label = InterfaceLabel(changes: all + tracking, timeouts: timeouts)
        let text = "swift-ipvs tcp=9000000:9999999 tcpfin=9000000:9999999 udp=9000000:9999999"
        let mode = "c=0:1 crm=0:0 enc=0:1 eqt=0:1 if=0:1 f=0:1 ai=0:1 aa=0:2"
        let limits = "ncm=2147483647:2147483647 nctbl=0:1"
        let times = ["nctte", "ncttcw", "ncut", "ncuts"].map { "\($0)=9999999:9999999" }.joined(separator: " ")
        #expect(label.description == "\(text) \(mode) \(limits) \(times)")
    }

    @Test("If an alias has no room for all settings, the rest is left out; names need not begin with net")
    func overflow() throws {
        let all = (0..<20).map { Sysctls.Change(name: "net.ipv4.conf.eth\($0).rp_filter", before: 0, after: 1) }
        let label = InterfaceLabel(changes: [Sysctls.Change(name: "vm.swappiness", before: 60, after: 10)] + all)
        #expect(label.description.utf8.count < 256)
        let configured = label.changes.map { Sysctl($0.name, $0.after) }
        let restorable = RestorableSettings(configured: configured)
        let read = try #require(InterfaceLabel(label.description, restoring: restorable))
        #expect(read.changes.count > 5)
        #expect(read.changes == Array(label.changes.prefix(read.changes.count)))
    }

    @Test(
        "Changes that a proxier can't have made are skipped",
        arguments: [
            "ipv4.tcp_syncookies=0:1", ".kernel.randomize_va_space=0:2", "ipv4/ip_forward=0:1", "ipv4..ip_forward=0:1",
            ".net/ipv4/ip_forward=0:1", "../ipv4.ip_forward=0:1", "ipv4.ip_forward=2147483648:1",
            "ipv4.ip_forward=0:-2147483649", "ipv4.ip_forward=:1", "ipv4.ip_forward=0x0:1",
            "ipv4.ip_forward=99999999999999999999:1", "rp_filter=0:1", "net=0:1", "tcp=0:900", "tcp=900:0",
            "udp=-1:300",
            "tcp=2147483648:900", "udp=300:4294967296", "TCP=900:901", "tcp_timeout=900:901", "ipv4.tcp=900:901",
        ]
    )
    func skipped(word: String) {
        let label = InterfaceLabel("swift-ipvs \(word) ipv4.vs.conntrack=0:1")
        #expect(label?.changes == [Sysctls.Change(name: "net.ipv4.vs.conntrack", before: 0, after: 1)])
        #expect(label?.timeouts == [])
    }

    @Test("For several changes of a setting, the first value is restored")
    func notes() {
        var label = InterfaceLabel()
        label.note([Sysctls.Change(name: "net.a", before: 0, after: 1)])
        label.note([
            Sysctls.Change(name: "net.b", before: 5, after: 6), Sysctls.Change(name: "net.a", before: 2, after: 1),
        ])
        #expect(label.description == "swift-ipvs b=5:6 a=0:1")
        label.note([TimeoutSetting.Change(.udp, before: 300, after: 60)])
        label.note([TimeoutSetting.Change(.tcp, before: 900, after: 7_200), .init(.udp, before: 60, after: 30)])
        #expect(label.description == "swift-ipvs tcp=900:7200 udp=300:30 b=5:6 a=0:1")
    }

    @Test("The addresses of another proxier's interface are not the node's, but those of any other dummy interface are")
    func anotherProxier() throws {
        let node = InMemoryNode()
        let label = InterfaceLabel().description
        node.change { contents in
            contents.interfaces["other0"] = .dummy([address("10.97.0.1")], alias: label)
            contents.interfaces["eth7"] = .dummy([address("198.51.100.1")], alias: "uplink")
            let entry = InMemoryNode.InterfaceAddress(address("198.51.100.2"), prefixLength: 24)
            contents.interfaces["br0"] = InMemoryNode.Interface(kind: "bridge", alias: label, addresses: [entry])
        }
        let found = try AddressBinder(testing: node).nodeAddresses { InterfaceLabel.isLabel($0) }.map(\.description)
        #expect(!found.contains("10.97.0.1"))
        #expect(Set(found).isSuperset(of: ["192.0.2.10", "198.51.100.1", "198.51.100.2"]))
    }
}
