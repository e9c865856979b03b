import Foundation
import IPVS
import IPVSTestKernel
import Synchronization
import Testing

@testable import IPVSNode

extension NodeKernelTests {
    @Suite struct Addresses {
        let namespace: TestNamespace
        let binder: AddressBinder
        let four = IPAddress(10, 96, 0, 1)
        let six: IPAddress

        init() throws {
            namespace = try TestNamespace()
            binder = try AddressBinder(namespace: .path(namespace.path))
            six = try #require(IPAddress("fd00::1"))
        }

        @Test func asIpSeesThem() throws {
            #expect(try binder.bind([four, six]) == outcome(changed: 2, made: true))
            let seen = try namespace.interface("kube-ipvs0")
            #expect(seen.linkinfo?.kind == "dummy")
            #expect(!seen.flags.contains("UP"))
            let expected: Set<SeenInterface.Address> = [
                .init(family: "inet", local: "10.96.0.1", prefixlen: 32, scope: "global"),
                .init(
                    family: "inet6",
                    local: "fd00::1",
                    prefixlen: 128,
                    scope: "global",
                    nodad: true,
                    noprefixroute: true
                ),
            ]
            #expect(Set(seen.addresses) == expected)
            // Only the routes that make the addresses local lead there.
            for family in ["-4", "-6"] {
                let routes = try namespace.run("ip", family, "route", "show", "table", "all", "dev", "kube-ipvs0")
                let lines = routes.split(separator: "\n")
                #expect(lines.count == 1 && lines.allSatisfy { $0.hasPrefix("local ") }, "\(routes)")
            }
            #expect(try binder.addresses() == [four, six])
            #expect(try binder.unbind([four, six]) == outcome(changed: 2))
            #expect(try namespace.interface("kube-ipvs0").addresses.isEmpty)
            #expect(try binder.removeInterface())
            #expect(throws: TestFailure.self) { try namespace.run("ip", "link", "show", "kube-ipvs0") }
        }

        @Test func thereAndGoneAlready() throws {
            try namespace.run("ip", "link", "add", "kube-ipvs0", "type", "dummy")
            try namespace.run("ip", "addr", "add", "10.96.0.1/32", "dev", "kube-ipvs0")
            try namespace.run("ip", "-6", "addr", "add", "fd00::1/128", "dev", "kube-ipvs0")
            #expect(try binder.bind([four, six]) == outcome())
            try namespace.run("ip", "addr", "del", "10.96.0.1/32", "dev", "kube-ipvs0")
            #expect(try binder.unbind([four, six]) == outcome(changed: 1))
            #expect(try binder.unbind([four, six]) == outcome())
            try namespace.run("ip", "link", "del", "kube-ipvs0")
            #expect(try binder.unbind([four, six]) == outcome())
            #expect(try binder.addresses().isEmpty)
            #expect(try !binder.removeInterface())
        }

        /// More than one message has place for, in each direction.
        @Test func thousandsOfEither() throws {
            let sixes = try (0..<2_000).map { try #require(IPAddress("fd00::1:\(String($0, radix: 16))")) }
            for addresses in [(0..<2_000).map { IPAddress(ipv4: 0x0a60_0000 + $0) }, sixes] {
                var times: [String] = []
                func timed<Value>(_ what: String, _ body: () throws -> Value) rethrows -> Value {
                    let start = ContinuousClock.now
                    defer { times.append("\(what) \(ContinuousClock.now - start)") }
                    return try body()
                }
                let bound = try timed("bound") { try binder.bind(addresses) }
                #expect(bound.changed == 2_000 && bound.failures.isEmpty)
                let listed = try timed("listed") { try binder.addresses() }
                #expect(listed == Set(addresses))
                let again = try timed("bound again") { try binder.bind(addresses) }
                #expect(again == outcome())
                let one = try timed("one unbound") { try binder.unbind([addresses[1_500]]) }
                #expect(one.changed == 1)
                #expect(try namespace.interface("kube-ipvs0").addresses.count == 1_999)
                let unbound = try timed("1,000 unbound") { try binder.unbind(addresses.prefix(1_000)) }
                #expect(unbound == outcome(changed: 1_000))
                #expect(try binder.addresses().count == 999)
                let wasThere = try timed("the interface removed") { try binder.removeInterface() }
                #expect(wasThere)
                #expect(try binder.addresses().isEmpty)
                print("2,000 of \(addresses[0].family): \(times.joined(separator: ", "))")
            }
        }

        @Test func removedUnderItsFeet() throws {
            let others = (0..<100).map { IPAddress(ipv4: 0x0a61_0000 + $0) }
            _ = try binder.bind(others)
            try namespace.run("ip", "link", "del", "kube-ipvs0")
            #expect(try binder.bind([four]) == outcome(changed: 1, made: true))
            #expect(try binder.addresses() == [four])
            // Meanwhile each call ends, whatever happens, and the next call corrects everything.
            let isDone = Mutex(false)
            let remover = try AddressBinder(namespace: .path(namespace.path))
            let thread = Thread {
                while !isDone.withLock({ $0 }) {
                    // It may be removed while it is looked up; another attempt follows.
                    _ = try? remover.removeInterface()
                    usleep(1_000)
                }
                isDone.withLock { $0 = false }
            }
            thread.start()
            for _ in 0..<20 {
                let outcome = try binder.bind(others)
                #expect(outcome.failures.values.allSatisfy { $0.code == .interfaceChanging })
                #expect(try binder.unbind(others.prefix(10)).failures.isEmpty)
                _ = try binder.addresses()
            }
            isDone.withLock { $0 = true }
            try eventually(every: 1_000) { isDone.withLock { !$0 } }
            _ = try binder.bind(others)
            #expect(try binder.addresses().isSuperset(of: others))
        }

        @Test func twoAtOnce() throws {
            let path = namespace.path
            let addresses = (0..<100).map { IPAddress(ipv4: 0x0a62_0000 + $0) }
            let done = Mutex(0)
            let faults = Mutex<[String]>([])
            for half in [addresses[..<60], addresses[40...]] {
                Thread.detachNewThread {
                    do {
                        let binder = try AddressBinder(namespace: .path(path))
                        for _ in 0..<20 {
                            let bound = try binder.bind(half)
                            let unbound = try binder.unbind(half)
                            let failures = bound.failures.merging(unbound.failures) { $1 }
                            faults.withLock { $0 += failures.values.map(\.description) }
                        }
                        let last = try binder.bind(half)
                        faults.withLock { $0 += last.failures.values.map(\.description) }
                    } catch {
                        faults.withLock { $0.append("\(error)") }
                    }
                    done.withLock { $0 += 1 }
                }
            }
            while done.withLock({ $0 }) < 2 {
                // If they change each time they are listed, there is nothing to compare.
                let seen = try? binder.addresses()
                #expect(seen.map { $0.isSubset(of: addresses) } ?? true)
            }
            #expect(faults.withLock { $0 } == [])
            // Those of both halves may have been removed by the process that ended last but one.
            _ = try binder.bind(addresses)
            #expect(try binder.addresses() == Set(addresses))
        }

        @Test func somebodyElses() throws {
            try namespace.run("ip", "link", "add", "kube-ipvs0", "type", "veth", "peer", "name", "other")
            let error = #expect(throws: AddressError.self) { try binder.bind([four]) }
            #expect(error?.code == .notADummy)
            #expect(throws: AddressError.self) { try binder.removeInterface() }
            #expect(try namespace.interface("kube-ipvs0").addresses.isEmpty)
            try namespace.run("ip", "link", "show", "other")
            let lo = try AddressBinder(interface: "lo", namespace: .path(namespace.path))
            #expect(throws: AddressError.self) { try lo.bind([four]) }
        }

        @Test func withoutPrivilege() throws {
            _ = try binder.bind([four])
            let descriptor = namespace.descriptor
            let other = six
            let (codes, seen) = try onThread { () -> ([AddressError.Code?], Set<IPAddress>) in
                try #require(enterNamespace(descriptor) == 0 && dropCapabilities() == 0)
                let binder = try AddressBinder()
                let codes = [
                    errorCode { _ = try binder.bind([other]) }, errorCode { _ = try binder.unbind([other]) },
                    errorCode { try binder.removeInterface() },
                    errorCode { try AddressBinder(interface: "other").makeInterface() },
                ]
                return (codes, try binder.addresses())
            }
            #expect(codes == Array(repeating: .permissionDenied, count: 4))
            #expect(seen == [four])
        }

        @Test func withoutIPv6() throws {
            try namespace.run("ip", "link", "add", "kube-ipvs0", "type", "dummy")
            try namespace.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/kube-ipvs0/disable_ipv6")
            let outcome = try binder.bind([four, six])
            #expect(outcome.changed == 1)
            #expect(outcome.failures.mapValues(\.code) == [six: .addressFamilyNotSupported])
            print(outcome.failures.values.map(\.description))
            #expect(try binder.unbind([six]).failures.isEmpty)
        }

        @Test func nodeAddresses() throws {
            _ = try binder.bind([four, six])
            try namespace.run("ip", "link", "add", "eth7", "type", "dummy")
            try namespace.run("ip", "link", "set", "eth7", "up")
            try namespace.run("ip", "addr", "add", "192.0.2.1/24", "dev", "eth7")
            try namespace.run("ip", "-6", "addr", "add", "2001:db8::1/64", "dev", "eth7", "nodad")
            try namespace.run("ip", "addr", "add", "198.51.100.1", "peer", "198.51.100.2", "dev", "eth7")
            try namespace.run("ip", "addr", "add", "10.96.0.1/32", "dev", "eth7")
            let all = ["10.96.0.1", "192.0.2.1", "198.51.100.1", "2001:db8::1"]
            #expect(try binder.nodeAddresses().map(\.description).sorted() == all)
            let block = try #require(IPAddress.Block("192.0.2.0/24"))
            #expect(try binder.nodeAddresses(in: [block]) == [IPAddress(192, 0, 2, 1)])
        }

        @Test func theCallersNamespaceIsTheDefault() throws {
            let descriptor = namespace.descriptor
            let wanted = four
            try onThread {
                try #require(enterNamespace(descriptor) == 0)
                _ = try AddressBinder(interface: "other0").bind([wanted])
            }
            #expect(try namespace.interface("other0").addresses.map(\.local) == ["10.96.0.1"])
            #expect(try binder.addresses().isEmpty)
            let error = #expect(throws: AddressError.self) { try AddressBinder(namespace: .named("swift-ipvs-nosuch")) }
            #expect(error?.code == .namespaceNotFound)
        }
    }
}

/// An outcome without a failure.
private func outcome(changed: Int = 0, made: Bool = false) -> OutcomeSummary {
    OutcomeSummary(changed: changed, made: made, failures: [])
}

private func == (left: AddressBinder.Outcome, right: OutcomeSummary) -> Bool {
    OutcomeSummary(
        changed: left.changed,
        made: left.madeInterface,
        failures: left.failures.values.map(\.description)
    ) == right
}

private struct OutcomeSummary: Equatable {
    let changed: Int
    let made: Bool
    let failures: [String]
}

/// The code of the error that a call throws; nil if it throws none.
private func errorCode(_ call: () throws -> Void) -> AddressError.Code? {
    do {
        try call()
        return nil
    } catch {
        return (error as? AddressError)?.code
    }
}
