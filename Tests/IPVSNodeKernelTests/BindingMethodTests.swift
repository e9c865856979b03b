import Foundation
import IPVS
import IPVSTestKernel
import Testing

@testable import IPVSNode

extension NodeKernelTests {
    /// Local routes instead of addresses.
    @Suite struct LocalRoutes {
        let namespace: TestNamespace
        let binder: AddressBinder
        let four = IPAddress(10, 96, 0, 1)
        let six: IPAddress

        init() throws {
            namespace = try TestNamespace()
            binder = try AddressBinder(method: .routes, namespace: .path(namespace.path))
            six = try #require(IPAddress("fd00::1"))
        }

        /// The sorted local routes over an interface in ip's form, except for those that the kernel has added.
        private func routes(_ interface: String = "kube-ipvs0") throws -> [String] {
            try ["-4", "-6"].flatMap { family in
                try namespace.run("ip", family, "route", "show", "table", "local", "dev", interface)
                    .split(separator: "\n").filter { !$0.contains("proto kernel") }
                    .map { $0.trimmingCharacters(in: .whitespaces) }
            }
        }

        @Test func asIpSeesThem() throws {
            let bound = try binder.bind([four])
            #expect(bound.changed == 1 && bound.madeInterface && bound.failures.isEmpty)
            #expect(try !namespace.interface("kube-ipvs0").flags.contains("UP"))
            #expect(try binder.bind([four, six]).changed == 1)
            #expect(
                try routes() == [
                    "local 10.96.0.1 proto 118 scope host", "local fd00::1 proto 118 metric 1024 pref medium",
                ]
            )
            // Both make the kernel accept packets to the address, and ip lists neither as an address.
            #expect(try namespace.run("ip", "route", "get", "10.96.0.1").hasPrefix("local 10.96.0.1"))
            #expect(try namespace.run("ip", "-6", "route", "get", "fd00::1").hasPrefix("local fd00::1"))
            let seen = try namespace.interface("kube-ipvs0").addresses
            #expect(seen.allSatisfy { $0.scope == "link" }, "\(seen)")
            #expect(try binder.addresses() == [four, six])
            #expect(try binder.nodeAddresses().isEmpty)
            #expect(try binder.unbind([four, six]).changed == 2)
            #expect(try routes() == [] && binder.addresses().isEmpty)
        }

        @Test func thereAndGoneAlready() throws {
            _ = try binder.bind([four, six])
            for call in [try binder.bind([four, six]), try binder.bind([six])] {
                #expect(call.changed == 0 && call.failures.isEmpty)
            }
            try namespace.run("ip", "route", "del", "local", "10.96.0.1", "dev", "kube-ipvs0", "table", "local")
            #expect(try binder.addresses() == [six])
            let outcome = try binder.unbind([four, six])
            #expect(outcome.changed == 1 && outcome.failures.isEmpty)
            try namespace.run("ip", "link", "del", "kube-ipvs0")
            #expect(try binder.unbind([four, six]).failures.isEmpty)
            #expect(try binder.addresses().isEmpty)
        }

        @Test func thousandsOfEither() throws {
            let fours = (0..<2_000).map { IPAddress(ipv4: 0x0a60_0000 + $0) }
            let sixes = try (0..<2_000).map { try #require(IPAddress("fd00::1:\(String($0, radix: 16))")) }
            #expect(try binder.bind(fours + sixes).changed == 4_000)
            #expect(try binder.addresses() == Set(fours + sixes))
            #expect(try binder.unbind(fours.prefix(1_999) + sixes.prefix(1_999)).changed == 3_998)
            #expect(try binder.addresses() == [fours[1_999], sixes[1_999]])
            #expect(try binder.removeInterface())
            #expect(try namespace.run("ip", "route", "get", "fibmatch", "127.0.0.1").contains("lo"))
            #expect(try binder.addresses().isEmpty)
        }

        /// A route of others to the same address neither prevents a binding nor is removed with it.
        @Test func ofTwoInterfaces() throws {
            let other = try AddressBinder(interface: "other0", method: .routes, namespace: .path(namespace.path))
            _ = try other.bind([four, six])
            #expect(try binder.bind([four, six]).changed == 2)
            #expect(try other.removeInterface())
            #expect(try binder.addresses() == [four, six])
            try namespace.run("ip", "addr", "add", "10.96.0.1/32", "dev", "lo")
            #expect(try binder.unbind([four]).changed == 1)
            #expect(try namespace.run("ip", "addr", "show", "dev", "lo").contains("10.96.0.1/32"))
            #expect(try namespace.run("ip", "route", "get", "10.96.0.1").hasPrefix("local 10.96.0.1"))
        }

        /// An address bound by both methods is unbound by either.
        @Test(arguments: AddressBinder.Method.allCases)
        func boundTwice(method: AddressBinder.Method) throws {
            let place = NetworkNamespace.path(namespace.path)
            _ = try binder.bind([four, six])
            #expect(try AddressBinder(namespace: place).bind([four, six]).changed == 2)
            let outcome = try AddressBinder(method: method, namespace: place).unbind([four, six])
            #expect(outcome.changed == 2 && outcome.failures.isEmpty)
            #expect(try binder.addresses().isEmpty)
        }

        /// With its last IPv4 address, an interface loses its IPv4 routes.
        @Test(arguments: AddressBinder.Method.allCases)
        func lastAddress(method: AddressBinder.Method) throws {
            let place = NetworkNamespace.path(namespace.path)
            let old = [IPAddress(10, 96, 0, 2), IPAddress(10, 96, 0, 3)]
            _ = try AddressBinder(namespace: place).bind(old)
            #expect(try binder.bind([four, six]).changed == 2)
            let unbinding = try AddressBinder(method: method, namespace: place)
            for address in old {
                #expect(try unbinding.unbind([address]) == AddressBinder.Outcome(changed: 1))
                #expect(
                    try routes() == [
                        "local 10.96.0.1 proto 118 scope host", "local fd00::1 proto 118 metric 1024 pref medium",
                    ]
                )
            }
        }

        @Test func setDown() throws {
            _ = try binder.bind([four, six])
            try namespace.run("ip", "link", "set", "kube-ipvs0", "down")
            // The kernel has removed the IPv6 routes.
            #expect(try binder.addresses() == [four])
            #expect(try binder.bind([six]).changed == 1)
            #expect(try binder.addresses() == [four, six])
        }

        @Test func withoutIPv6() throws {
            _ = try binder.makeInterface()
            try namespace.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/kube-ipvs0/disable_ipv6")
            let outcome = try binder.bind([four, six])
            #expect(outcome.changed == 1)
            #expect(outcome.failures.mapValues(\.code) == [six: .addressFamilyNotSupported])
            #expect(try binder.unbind([six]).failures.isEmpty)
        }
    }
}
