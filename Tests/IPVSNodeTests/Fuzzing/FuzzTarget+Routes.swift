import IPVS
import IPVSFuzzing

@testable import IPVSNode

extension FuzzTarget {
    /// Answers of rtnetlink to the requests of a binder. The first byte chooses the call, and with its highest bit the other
    /// method.
    static let routes = FuzzTarget("route-replies") { bytes in
        var input = FuzzInput(bytes)
        let choice = input.byte()
        let call = BinderCall.allCases[Int(choice & 0x7f) % BinderCall.allCases.count]
        let kernel = RouteKernel {
            $0.add("eth0", kind: nil, ["192.0.2.1/24"])
            $0.add(AddressBinder.defaultInterface, kind: "dummy", ["10.96.0.1/32", "fd00::1/128"])
        }
        // The types of each kind of object begin at a multiple of four, with that of its replies.
        let channel = ScriptedDatagrams(input.rest, of: kernel) { $0 & ~3 }
        let binder = try AddressBinder(method: choice & 0x80 == 0 ? .addresses : .routes, channel: channel)
        do { try channel.play { try call.make(binder) } } catch let error as AddressError { try error.check() }
        let addresses = try binder.addresses().map(\.description).sorted()
        try hold(addresses == ["10.96.0.1", "fd00::1"], "the addresses are \(addresses)")
        let others = try binder.nodeAddresses().map(\.description)
        try hold(others == ["192.0.2.1"], "the addresses of the node are \(others)")
    }
}
