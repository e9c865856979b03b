import Glibc
import IPVS
import IPVSNode
import IPVSProxyTestSamples
import IPVSProxyTesting
import IPVSTestModels
import IPVSTesting
import Testing

@Suite("Interfaces and addresses of a node in memory")
struct InterfaceTests {
    let node = InMemoryNode()
    let four = address("10.96.0.1")
    let six = address("fd00::1")

    private var bound: Set<IPAddress>? { node.interfaces["kube-ipvs0"]?.boundAddresses }

    @Test("A binder binds, lists and unbinds, by either method", arguments: AddressBinder.Method.allCases)
    func binding(method: AddressBinder.Method) throws {
        let binder = try AddressBinder(method: method, testing: node)
        let outcome = try binder.bind([four, six])
        #expect(outcome.changed == 2 && outcome.madeInterface && outcome.failures.isEmpty)
        #expect(bound == [four, six])
        #expect(try binder.addresses() == [four, six])
        #expect(try binder.bind([four]).changed == 0)
        #expect(node.interfaces["kube-ipvs0"]?.isUp == (method == .routes))
        #expect(try binder.unbind([four, address("10.96.0.9")]).changed == 1)
        #expect(bound == [six])
        try binder.setAlias("mine")
        #expect(node.interfaces["kube-ipvs0"]?.alias == "mine")
        #expect(try binder.alias() == "mine")
        #expect(try binder.removeInterface())
        #expect(bound == nil)
        #expect(try binder.alias() == nil)
    }

    @Test("Thousands of addresses arrive in a few datagrams")
    func many() throws {
        let binder = try AddressBinder(testing: node)
        let all = (0..<5_000).map { IPAddress(ipv4: 0x0a64_0000 + $0) }
        #expect(try binder.bind(all).changed == 5_000)
        #expect(try binder.addresses() == Set(all))
    }

    @Test("All binders see the same interfaces; an address bound by one method counts for the other")
    func observers() throws {
        _ = try AddressBinder(testing: node).bind([four])
        let other = try AddressBinder(method: .routes, testing: node)
        #expect(try other.addresses() == [four])
        #expect(try other.unbind([four]).changed == 1)
        let second = try AddressBinder(interface: "other0", testing: node)
        _ = try second.bind([six])
        #expect(try second.addresses() == [six])
        #expect(node.interfaces["other0"]?.kind == "dummy")
    }

    @Test(
        "With its last IPv4 address an interface loses its IPv4 routes, which a binder adds again",
        arguments: AddressBinder.Method.allCases
    )
    func lastAddress(method: AddressBinder.Method) throws {
        let routes = try AddressBinder(method: .routes, testing: node)
        _ = try routes.bind([four, six])
        let addresses = try AddressBinder(testing: node)
        _ = try addresses.bind([address("10.96.0.2"), address("10.96.0.3"), address("fd00::2")])
        let binder = try AddressBinder(method: method, testing: node)
        node.forgetRequests()
        // Not the last one.
        #expect(try binder.unbind([address("10.96.0.2")]).changed == 1)
        #expect(node.changes.count { $0 == .addRoute(to: four, over: "kube-ipvs0") } == 0)
        #expect(try binder.unbind([address("10.96.0.3"), address("fd00::2")]).changed == 2)
        #expect(node.changes.count { $0 == .addRoute(to: four, over: "kube-ipvs0") } == 1)
        #expect(bound == [four, six])
        // If they can't be added again, that is reported.
        _ = try addresses.bind([address("10.96.0.2")])
        node.inject(.errno(ENOMEM), where: { $0 == .addRoute(to: four, over: "kube-ipvs0") })
        let outcome = try binder.unbind([address("10.96.0.2")])
        #expect(outcome.changed == 1 && outcome.failures.mapValues(\.errno) == [four: ENOMEM])
        #expect(bound == [six])
    }

    @Test("A node's own addresses are those of its other interfaces")
    func nodeAddresses() throws {
        node.change { $0.interfaces["eth1"] = InMemoryNode.Interface(addresses: [.init(address("198.51.100.1"))]) }
        let binder = try AddressBinder(testing: node)
        _ = try binder.bind([four])
        let found = try binder.nodeAddresses()
        #expect(found == [address("192.0.2.10"), address("2001:db8::10"), address("198.51.100.1")])
    }

    @Test("An interface of others is refused")
    func notADummy() throws {
        node.change { $0.interfaces["kube-ipvs0"] = InMemoryNode.Interface(kind: "bridge") }
        let error = #expect(throws: AddressError.self) { try AddressBinder(testing: node).bind([four]) }
        #expect(error?.code == .notADummy)
        #expect(bound == [])
    }

    @Test("Requests are recorded with the names of their interfaces")
    func requests() throws {
        let binder = try AddressBinder(testing: node)
        try binder.makeInterface()
        node.forgetRequests()
        _ = try binder.bind([four])
        #expect(node.requests == [.readInterface("kube-ipvs0"), .addAddress(four, to: "kube-ipvs0")])
        #expect(node.changes == [.addAddress(four, to: "kube-ipvs0")])
    }

    @Test("A fault hits the request that it is planned for, and only that one")
    func faults() throws {
        let binder = try AddressBinder(testing: node)
        try binder.makeInterface()
        node.inject(.errno(EACCES), at: 2)
        let outcome = try binder.bind([six])
        #expect(outcome.failures[six]?.code == .addressFamilyNotSupported)
        node.inject(.errno(EPERM), times: 2, where: { $0 == .removeInterface("kube-ipvs0") })
        for _ in 1...2 {
            let error = #expect(throws: AddressError.self) { try binder.removeInterface() }
            #expect(error?.code == .permissionDenied)
        }
        #expect(try binder.removeInterface())
        node.inject(.errno(EPERM))
        node.removeFaults()
        #expect(try binder.makeInterface())
    }

    @Test(
        "Whatever happens to an answer, the binder is as good as before",
        arguments: InMemoryKernel.Fault.allAnswerFaults
    )
    func answers(fault: InMemoryKernel.Fault) throws {
        let binder = try AddressBinder(testing: node)
        try binder.makeInterface()
        for request in 1...5 {
            node.inject(fault, at: request)
            do {
                _ = try binder.bind([four, six])
                _ = try binder.unbind([four])
            } catch {
                #expect([.answerLost, .malformedReply].contains(error.code), "\(error)")
            }
            node.removeFaults()
        }
        _ = try binder.bind([four, six])
        #expect(try binder.addresses() == [four, six])
        #expect(bound == [four, six])
    }

    @Test("Others remove the interface in the middle of an operation")
    func interference() throws {
        let removals = Removals()
        node.beforeEachRequest { request, contents in
            guard case .addAddress = request, removals.isFirst() else { return }
            contents.interfaces["kube-ipvs0"] = nil
        }
        let outcome = try AddressBinder(testing: node).bind([four, six])
        #expect(outcome.changed == 2 && outcome.failures.isEmpty)
        #expect(bound == [four, six])
        node.beforeEachRequest { _, contents in contents.interfaces["kube-ipvs0"] = nil }
        #expect(try AddressBinder(testing: node).addresses().isEmpty)
        node.beforeEachRequest(nil)
    }
}

/// Tells the first call from the others.
private final class Removals: Sendable {
    private let count = Locked(0)

    func isFirst() -> Bool {
        count.withLock { count in
            count += 1
            return count == 1
        }
    }
}
