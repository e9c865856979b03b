import IPVS
import Testing

@testable import IPVSNode
@testable import IPVSProxy

@Suite("Labels of a proxier's interface")
struct InterfaceLabelTests {
    @Test(
        "Both ways",
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

    @Test("Texts that are no label, and labels of later versions")
    func otherLabels() {
        for text in ["", " ", "uplink", "swift-ipvs2", "taking-over swift-ipvs"] {
            #expect(InterfaceLabel(text) == nil)
        }
        #expect(InterfaceLabel("swift-ipvs new=feature a=1 b=1:2:3 =") == InterfaceLabel())
    }

    @Test("All settings fit into an alias, wherever they were")
    func fits() throws {
        var label = InterfaceLabel()
        let all = Sysctl.ipvsMode(on: KernelVersion(5, 4), forwardingIPv6: true, strictARP: true)
        label.note(all.map { Sysctls.Change(name: $0.name, before: 0, after: $0.value) })
        #expect(label.description.utf8.count < 256)
        #expect(InterfaceLabel(label.description) == label)
    }

    @Test("Of more settings than an alias can hold, the others are left out; and names need not begin with net")
    func overflow() throws {
        let all = (0..<20).map { Sysctls.Change(name: "net.ipv4.conf.eth\($0).rp_filter", before: 0, after: 1) }
        let label = InterfaceLabel(changes: [Sysctls.Change(name: "vm.swappiness", before: 60, after: 10)] + all)
        #expect(label.description.utf8.count < 256)
        let read = try #require(InterfaceLabel(label.description))
        #expect(read.changes.count > 5)
        #expect(read.changes == Array(label.changes.prefix(read.changes.count)))
    }

    @Test("Of several changes of a setting the first value is restored")
    func notes() {
        var label = InterfaceLabel()
        label.note([Sysctls.Change(name: "net.a", before: 0, after: 1)])
        label.note([
            Sysctls.Change(name: "net.b", before: 5, after: 6), Sysctls.Change(name: "net.a", before: 2, after: 1),
        ])
        #expect(label.description == "swift-ipvs b=5:6 a=0:1")
    }
}
