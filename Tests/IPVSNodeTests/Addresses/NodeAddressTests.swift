import IPVS
import Testing

@testable import IPVSNode

@Suite("Addresses of a node")
struct NodeAddressTests {
    private let kernel = RouteKernel {
        $0.add("lo", kind: nil, ["127.0.0.1/8", "::1/128", "192.0.2.99/32"])
        $0.add("eth0", kind: nil, ["192.0.2.1/24", "2001:db8::1/64", "fe80::1/64", "10.96.0.1/32"])
        $0.add("kube-ipvs0", kind: "dummy", ["10.96.0.1/32", "10.96.0.2/32"])
    }

    @Test("Addresses of all interfaces except the binder's, without loopback and link-local ones")
    func all() throws {
        let found = try AddressBinder(channel: kernel).nodeAddresses()
        #expect(found.map(\.description).sorted() == ["10.96.0.1", "192.0.2.1", "192.0.2.99", "2001:db8::1"])
    }

    @Test("Addresses within the blocks")
    func blocks() throws {
        let blocks = try ["192.0.2.0/25", "2001:db8::/32"].map { try #require(IPAddress.Block($0)) }
        let binder = try AddressBinder(channel: kernel)
        #expect(
            try binder.nodeAddresses(in: blocks).map(\.description).sorted() == [
                "192.0.2.1", "192.0.2.99", "2001:db8::1",
            ]
        )
        let none = try #require(IPAddress.Block("203.0.113.0/24"))
        #expect(try binder.nodeAddresses(in: [none]).isEmpty)
    }

    @Test("The local address of a point-to-point interface")
    func pointToPoint() throws {
        let kernel = RouteKernel {
            let index = $0.add("ppp0", kind: nil)
            let line = RouteKernel.Address(bytes: [198, 51, 100, 2], prefixLength: 32, local: [198, 51, 100, 1])
            $0.interfaces[index]?.addresses = [line]
        }
        #expect(try AddressBinder(channel: kernel).nodeAddresses() == [IPAddress(198, 51, 100, 1)])
    }
}
