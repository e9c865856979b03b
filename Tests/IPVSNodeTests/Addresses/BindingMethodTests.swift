import CRTNetlink
import Glibc
import IPVS
import Testing

@testable import IPVSNode
@testable import Netlink

@Suite("Addresses bound by local routes")
struct BindingMethodTests {
    let four = IPAddress(10, 96, 0, 1)
    let six: IPAddress

    init() throws { six = try #require(IPAddress("fd00::1")) }

    @Test("Routes are added, listed and removed, and no addresses")
    func routes() throws {
        let kernel = RouteKernel()
        let binder = try AddressBinder(method: .routes, channel: kernel)
        #expect(try binder.bind([four, six]) == AddressBinder.Outcome(changed: 2, madeInterface: true))
        #expect(kernel.with { $0.routes(of: "kube-ipvs0") } == [four, six])
        #expect(kernel.with { $0.addresses(of: "kube-ipvs0") } == [])
        #expect(try binder.addresses() == [four, six])
        #expect(try binder.bind([four]) == AddressBinder.Outcome())
        #expect(try binder.unbind([four, six]) == AddressBinder.Outcome(changed: 2))
        #expect(try binder.unbind([four, six]) == AddressBinder.Outcome())
        #expect(try binder.addresses().isEmpty)
    }

    @Test("The interface is set up for the first IPv6 address, and not earlier")
    func setUp() throws {
        let kernel = RouteKernel()
        let binder = try AddressBinder(method: .routes, channel: kernel)
        _ = try binder.bind([four])
        #expect(kernel.with { $0.interfaces.values.map(\.isUp) } == [false])
        _ = try binder.bind([six])
        #expect(kernel.with { $0.interfaces.values.map(\.isUp) } == [true])
        _ = try binder.bind([IPAddress("fd00::2")].compactMap(\.self))
        #expect(kernel.messages.count { $0.type == RTM_SETLINK } == 1)
    }

    @Test("An interface that is set down each time is an error for each address, not an endless loop")
    func setDownEachTime() throws {
        let kernel = RouteKernel {
            $0.interfere = { message, state in
                if message.type == RTM_NEWROUTE {
                    for index in state.interfaces.keys { state.interfaces[index]?.isUp = false }
                }
            }
        }
        let outcome = try AddressBinder(method: .routes, channel: kernel).bind([four, six])
        #expect(outcome.changed == 0)
        #expect(outcome.failures.mapValues(\.code) == [four: .interfaceChanging, six: .interfaceChanging])
    }

    @Test(
        "An address bound by one method counts as bound for the other, which can unbind it",
        arguments: AddressBinder.Method.allCases
    )
    func other(method: AddressBinder.Method) throws {
        let kernel = RouteKernel()
        let former = try AddressBinder(method: method == .routes ? .addresses : .routes, channel: kernel)
        _ = try former.bind([four, six])
        let binder = try AddressBinder(method: method, channel: kernel)
        #expect(try binder.addresses() == [four, six])
        let third = IPAddress(10, 96, 0, 3)
        _ = try binder.bind([third])
        // One by either method, one that doesn't exist any more, and one that the kernel refuses.
        kernel.with {
            $0.verdict = {
                [RTM_DELADDR, RTM_DELROUTE].contains($0.type) && $0.payload[0] == UInt8(AF_INET6) ? EBUSY : nil
            }
        }
        let outcome = try binder.unbind([four, third, six, IPAddress(10, 96, 0, 4)])
        #expect(outcome.changed == 2)
        #expect(outcome.failures.mapValues(\.errno) == [six: EBUSY])
        kernel.with { $0.verdict = { _ in nil } }
        #expect(try binder.addresses() == [six])
        #expect(try binder.unbind([six]) == AddressBinder.Outcome(changed: 1))
    }

    @Test(
        "An address that the kernel can't unbind by the other method is one failure",
        arguments: AddressBinder.Method.allCases
    )
    func otherFails(method: AddressBinder.Method) throws {
        let kernel = RouteKernel()
        _ = try AddressBinder(method: method == .routes ? .addresses : .routes, channel: kernel).bind([four, six])
        let binder = try AddressBinder(method: method, channel: kernel)
        kernel.with {
            let other = method == .routes ? RTM_DELADDR : RTM_DELROUTE
            $0.verdict = { $0.type == other && $0.payload[0] == UInt8(AF_INET) ? EBUSY : nil }
        }
        let outcome = try binder.unbind([four, six])
        #expect(outcome.changed == 1)
        #expect(outcome.failures.mapValues(\.errno) == [four: EBUSY])
    }

    @Test("If the second half of an unbinding can't be sent, no address is reported as unbound")
    func otherIsLost() throws {
        let kernel = RouteKernel()
        _ = try AddressBinder(method: .routes, channel: kernel).bind([four, six])
        let binder = try AddressBinder(channel: kernel)
        _ = try binder.bind([four])
        // After looking for the interface, listing routes, and the first half.
        kernel.with { state in state.sendFailure = (after: state.sends.count + 3, errno: ENOMEM) }
        let outcome = try binder.unbind([four, six])
        #expect(outcome.changed == 0)
        #expect(outcome.failures.mapValues(\.address) == [four: four, six: six])
        kernel.with { $0.sendFailure = nil }
        #expect(try binder.addresses() == [four, six])
    }

    @Test("Addresses bound by both methods are unbound by either", arguments: AddressBinder.Method.allCases)
    func both(method: AddressBinder.Method) throws {
        let kernel = RouteKernel()
        for method in AddressBinder.Method.allCases {
            #expect(try AddressBinder(method: method, channel: kernel).bind([four, six]).changed == 2)
        }
        let binder = try AddressBinder(method: method, channel: kernel)
        #expect(try binder.unbind([four, six]) == AddressBinder.Outcome(changed: 2))
        #expect(try binder.addresses().isEmpty)
    }

    @Test("A route that others added is neither listed nor removed")
    func somebodyElses() throws {
        let kernel = RouteKernel {
            let index = $0.add("kube-ipvs0", kind: "dummy")
            $0.interfaces[index]?.routes = [RouteKernel.Route(bytes: [10, 96, 0, 1], origin: 4)]
            let other = $0.add("other", kind: "dummy")
            $0.interfaces[other]?.routes = [RouteKernel.Route(bytes: [10, 96, 0, 2], origin: 118)]
        }
        let binder = try AddressBinder(method: .routes, channel: kernel)
        #expect(try binder.addresses().isEmpty)
        #expect(try binder.unbind([four, IPAddress(10, 96, 0, 2)]) == AddressBinder.Outcome())
        #expect(kernel.with { $0.routes(of: "kube-ipvs0") } == [four])
    }

    @Test("A kernel without any local routes has none of a binder")
    func noTable() throws {
        let kernel = RouteKernel {
            $0.add("kube-ipvs0", kind: "dummy", ["10.96.0.1/32"])
            $0.verdict = { $0.type == RTM_GETROUTE ? ENOENT : nil }
        }
        #expect(try AddressBinder(method: .routes, channel: kernel).addresses() == [four])
    }

    @Test("A truncated route message is an error; other kinds of routes are skipped")
    func decoding() throws {
        let whole = [UInt8](hex: "02200000 ff76fe02 00000000 08000100 0a600001 08000400 03000000")
        let route = try #require(try LocalRoute(decoding: whole.span.bytes))
        #expect(route.address == four && route.interface == 3)
        // All lengths except those that end after an attribute.
        for length in 0..<whole.count where length != 20 {
            #expect(throws: MalformedReply.self, "\(length) bytes") {
                _ = try LocalRoute(decoding: whole.span.bytes.extracting(0..<length))
            }
        }
        // Without an interface; and with another family, prefix length, table, origin or type.
        #expect(try LocalRoute(decoding: whole.span.bytes.extracting(0..<20)) == nil)
        for (place, value) in [(0, 28), (1, 24), (4, 254), (5, 2), (7, 1)] as [(Int, UInt8)] {
            var other = whole
            other[place] = value
            #expect(try LocalRoute(decoding: other.span.bytes) == nil, "\(value) at \(place)")
        }
    }
}
