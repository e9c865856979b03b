import CRTNetlink
import Glibc
import IPVS
import Testing

@testable import IPVSNode

@Suite("Addresses on a dummy interface")
struct AddressBinderTests {
    let four = IPAddress(10, 96, 0, 1)
    let six: IPAddress

    init() throws { six = try #require(IPAddress("fd00::1")) }

    /// IPv4 addresses, starting with 10.100.0.0.
    private func many(_ count: UInt32) -> [IPAddress] { (0..<count).map { IPAddress(ipv4: 0x0a64_0000 + $0) } }

    @Test("Binding creates the interface, and reports that once")
    func bindMakes() throws {
        let kernel = RouteKernel()
        let binder = try AddressBinder(channel: kernel)
        #expect(try binder.addresses().isEmpty)
        let first = try binder.bind([four, six, four])
        #expect(first == AddressBinder.Outcome(changed: 2, madeInterface: true))
        #expect(try binder.addresses() == [four, six])
        let second = try binder.bind([four, IPAddress(10, 96, 0, 2)])
        #expect(second == AddressBinder.Outcome(changed: 1))
        #expect(kernel.with { $0.interfaces.values.map(\.kind) } == ["dummy"])
        #expect(try !binder.makeInterface())
    }

    @Test("Unbinding an address that doesn't exist, or without an interface, is not an error")
    func unbindGone() throws {
        let kernel = RouteKernel()
        let binder = try AddressBinder(channel: kernel)
        #expect(try binder.unbind([four]) == AddressBinder.Outcome())
        _ = try binder.bind([four])
        #expect(try binder.unbind([four, six]) == AddressBinder.Outcome(changed: 1))
        #expect(try binder.addresses().isEmpty)
        #expect(try binder.removeInterface())
        #expect(try !binder.removeInterface())
    }

    @Test("Without addresses nothing is requested of the kernel")
    func none() throws {
        let kernel = RouteKernel()
        let binder = try AddressBinder(channel: kernel)
        #expect(try binder.bind([]) == AddressBinder.Outcome())
        #expect(try binder.unbind([]) == AddressBinder.Outcome())
        #expect(kernel.messages.isEmpty)
    }

    @Test("Ten thousand addresses need few system calls, and have one answer each")
    func bulk() throws {
        let kernel = RouteKernel(answerCapacity: 4_096)
        let binder = try AddressBinder(channel: kernel)
        _ = try binder.makeInterface()
        let before = kernel.with { $0.sends.count }
        #expect(try binder.bind(many(10_000)).changed == 10_000)
        let sends = kernel.with { Array($0.sends[before...]) }
        // One looks up the interface; 64 KiB hold some 1,600 messages of 40 bytes.
        #expect(sends.count == 1 + 7)
        for send in sends.dropFirst() {
            #expect(send.dropLast().allSatisfy { $0.flags & UInt16(NLM_F_ACK) == 0 })
            #expect(send.last.map { $0.flags & UInt16(NLM_F_ACK) != 0 } == true)
        }
        #expect(try binder.addresses() == Set(many(10_000)))
        #expect(try binder.unbind(many(10_000)).changed == 10_000)
    }

    @Test("A send has no more messages than the buffer has room for answers")
    func answerCapacity() throws {
        let kernel = RouteKernel(answerCapacity: 3)
        let binder = try AddressBinder(channel: kernel)
        _ = try binder.bind(many(10))
        #expect(kernel.with { $0.sends.map(\.count) }.suffix(4) == [3, 3, 3, 1])
    }

    @Test("A failure for one address doesn't keep the others from being bound")
    func oneFails() throws {
        let kernel = RouteKernel {
            $0.verdict = { $0.type == RTM_NEWADDR && $0.payload[0] == UInt8(AF_INET6) ? EACCES : nil }
        }
        let outcome = try AddressBinder(channel: kernel).bind([four, six])
        #expect(outcome.changed == 1)
        let error = try #require(outcome.failures[six])
        #expect(outcome.failures.count == 1)
        #expect(error.code == .addressFamilyNotSupported && error.address == six && error.errno == EACCES)
        #expect("\(error)" == "can't bind fd00::1 to kube-ipvs0: IPv6 is disabled")
    }

    @Test("An address that is not that of a single host is refused, and the others are bound")
    func refused() throws {
        let kernel = RouteKernel()
        let wrong = try ["0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1"].map { try #require(IPAddress($0)) }
        let outcome = try AddressBinder(channel: kernel).bind(wrong + [four])
        #expect(outcome.changed == 1)
        #expect(Set(outcome.failures.keys) == Set(wrong))
        #expect(outcome.failures.values.allSatisfy { $0.code == .invalidAddress })
        #expect(kernel.with { $0.addresses(of: "kube-ipvs0") } == [four])
    }

    @Test("An interface that is not a dummy interface belongs to others", arguments: [nil, "bridge"])
    func notADummy(kind: String?) throws {
        let kernel = RouteKernel { $0.add("kube-ipvs0", kind: kind, ["10.0.0.1/32"]) }
        let binder = try AddressBinder(channel: kernel)
        let calls: [() throws -> Void] = [
            { _ = try binder.makeInterface() }, { _ = try binder.bind([four]) }, { _ = try binder.unbind([four]) },
            { _ = try binder.addresses() }, { _ = try binder.removeInterface() },
        ]
        for call in calls {
            let error = #expect(throws: AddressError.self) { try call() }
            #expect(error?.code == .notADummy)
        }
        let expected =
            "can't make the interface kube-ipvs0: the interface is there, but is not a dummy; remove it, or choose "
        let error = #expect(throws: AddressError.self) { try binder.makeInterface() }
        #expect(error?.description == expected + "another name")
        #expect(kernel.with { $0.addresses(of: "kube-ipvs0") } == [IPAddress(10, 0, 0, 1)])
    }

    @Test("The interface is removed while addresses are bound: it is created again, with all of them")
    func removedMeanwhile() throws {
        let kernel = RouteKernel(answerCapacity: 4) { state in
            var count = 0
            state.interfere = { message, state in
                guard message.type == RTM_NEWADDR else { return }
                count += 1
                if count == 6 { state.interfaces = [:] }
            }
        }
        let binder = try AddressBinder(channel: kernel)
        #expect(try binder.bind(many(10)) == AddressBinder.Outcome(changed: 10, madeInterface: true))
        #expect(kernel.with { $0.addresses(of: "kube-ipvs0") } == Set(many(10)))
    }

    @Test("An interface that is removed each time is an error for each address, not an endless loop")
    func removedEachTime() throws {
        let kernel = RouteKernel {
            $0.interfere = { message, state in if message.type == RTM_NEWADDR { state.interfaces = [:] } }
        }
        let outcome = try AddressBinder(channel: kernel).bind([four, six])
        #expect(outcome.changed == 0)
        #expect(outcome.failures.mapValues(\.code) == [four: .interfaceChanging, six: .interfaceChanging])
    }

    @Test("Another process creates the interface first")
    func madeByAnother() throws {
        let kernel = RouteKernel {
            $0.interfere = { message, state in
                if message.type == RTM_NEWLINK, state.interfaces.isEmpty { state.add("kube-ipvs0", kind: "dummy") }
            }
        }
        #expect(try AddressBinder(channel: kernel).bind([four]) == AddressBinder.Outcome(changed: 1))
    }

    @Test("Another process removes the interface first")
    func removedByAnother() throws {
        let kernel = RouteKernel { state in
            state.add("kube-ipvs0", kind: "dummy")
            state.interfere = { message, state in if message.type == RTM_DELLINK { state.interfaces = [:] } }
        }
        #expect(try !AddressBinder(channel: kernel).removeInterface())
    }

    @Test("Without the privilege nothing is changed, and there is one error")
    func noPrivilege() throws {
        let kernel = RouteKernel {
            $0.add("kube-ipvs0", kind: "dummy", ["10.0.0.1/32"])
            $0.verdict = { [RTM_NEWADDR, RTM_DELADDR, RTM_DELLINK].contains($0.type) ? EPERM : nil }
        }
        let binder = try AddressBinder(channel: kernel)
        let error = #expect(throws: AddressError.self) { try binder.bind([four, six]) }
        #expect(error?.code == .permissionDenied)
        #expect(
            error?.description
                == "can't bind 10.96.0.1 to kube-ipvs0: not permitted; this requires CAP_NET_ADMIN, which root has"
        )
        #expect(throws: AddressError.self) { try binder.unbind([four]) }
        #expect(throws: AddressError.self) { try binder.removeInterface() }
        #expect(try binder.addresses() == [IPAddress(10, 0, 0, 1)])
    }

    @Test("A kernel without dummy interfaces is reported")
    func noDummies() throws {
        let kernel = RouteKernel { $0.verdict = { $0.type == RTM_NEWLINK ? EOPNOTSUPP : nil } }
        let error = #expect(throws: AddressError.self) { try AddressBinder(channel: kernel).bind([four]) }
        #expect(error?.code == .dummyNotSupported)
        #expect(error?.description.contains("modprobe dummy") == true)
    }

    @Test("An interrupted list is read again, up to a limit")
    func interrupted() throws {
        let kernel = RouteKernel {
            $0.add("kube-ipvs0", kind: "dummy", ["10.0.0.1/32", "fd00::1/128"])
            $0.interruptions = 3
        }
        let binder = try AddressBinder(channel: kernel)
        #expect(try binder.addresses() == [IPAddress(10, 0, 0, 1), six])
        #expect(kernel.messages.count { $0.type == RTM_GETADDR } == 4)
        kernel.with { $0.interruptions = .max }
        let error = #expect(throws: AddressError.self) { try binder.addresses() }
        #expect(error?.code == .addressesChanging)
        #expect(error?.description == "can't list addresses: they were changed by others each time they were read")
    }

    @Test("Lost answers leave the outcome unknown, and the next call works")
    func lostAnswers() throws {
        let kernel = RouteKernel { $0.add("kube-ipvs0", kind: "dummy") }
        let binder = try AddressBinder(channel: kernel)
        kernel.with { state in
            state.interfere = { message, state in
                if message.type == RTM_NEWADDR { state.receiveFailure = ENOBUFS }
            }
        }
        let outcome = try binder.bind([four, six])
        // The last one has its answer.
        #expect(outcome.failures.mapValues(\.code) == [four: .answerLost])
        kernel.with { $0.interfere = { _, _ in } }
        #expect(try binder.addresses() == [four, six])
    }

    @Test("A later send that fails is reported for the remaining addresses")
    func laterSendFails() throws {
        let kernel = RouteKernel(answerCapacity: 2) {
            $0.add("kube-ipvs0", kind: "dummy")
            $0.sendFailure = (after: 2, errno: ENOMEM)
        }
        let binder = try AddressBinder(channel: kernel)
        let outcome = try binder.bind(many(5))
        #expect(outcome.changed == 2)
        #expect(Set(outcome.failures.keys) == Set(many(5)[2...]))
        #expect(outcome.failures.values.allSatisfy { $0.code == .system && $0.errno == ENOMEM })
    }

    @Test("Only addresses of single hosts are listed and unbound; others on the interface are kept")
    func singleAddresses() throws {
        let kernel = RouteKernel { $0.add("kube-ipvs0", kind: "dummy", ["10.0.0.1/24", "fe80::1/64", "10.0.0.2/32"]) }
        let binder = try AddressBinder(channel: kernel)
        #expect(try binder.addresses() == [IPAddress(10, 0, 0, 2)])
        #expect(try binder.unbind([IPAddress(10, 0, 0, 1)]).changed == 0)
        #expect(kernel.with { $0.addresses(of: "kube-ipvs0")?.count } == 3)
    }

    @Test(
        "An invalid interface name is refused",
        arguments: ["", "sixteen-bytes-xx", "a/b", "a b", "a:b", "a\0b", ".", "..", "a\n", "a%d", "%"]
    )
    func names(name: String) {
        let error = #expect(throws: AddressError.self) { try AddressBinder(interface: name, channel: RouteKernel()) }
        #expect(error?.code == .invalidName)
    }

    @Test("A closed binder throws an error")
    func closed() throws {
        let binder = try AddressBinder(interface: "fifteen-bytes-x", channel: RouteKernel())
        binder.close()
        let error = #expect(throws: AddressError.self) { try binder.bind([four]) }
        #expect(error?.description == "can't look for the interface fifteen-bytes-x: the binder is closed")
    }
}
