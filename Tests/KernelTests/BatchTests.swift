import CIPVS
import Foundation
import Glibc
import IPVSTestKernel
import Synchronization
import Testing

@testable import IPVS
@testable import Netlink

/// The `index`th of many virtual servers, which are evenly distributed in the kernel's hash table.
private func service(_ index: Int, persistence: Persistence? = nil) -> VirtualServer {
    let id = VirtualServer.Identity.tcp(IPAddress(ipv4: 0x0a61_0000 + UInt32(index)), 80)
    return VirtualServer(id, scheduler: .roundRobin, persistence: persistence)
}

private func realServer(_ index: Int, weight: UInt32 = 1) -> RealServer {
    RealServer(IPAddress(ipv4: 0x0af4_0000 + UInt32(index)), 8_080, forwarding: .masquerade, weight: weight)
}

extension KernelTests {
    @Suite struct Batches {
        let namespace: TestNamespace
        let handle: Handle

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
        }

        @Test func aMixedBatchIsWhatIpvsadmSees() throws {
            var batch = Handle.Batch()
            for kind in VirtualServers.kinds { batch.add(kind.server) }
            let balanced = VirtualServer.Identity.tcp(IPAddress(10, 96, 0, 99), 80)
            batch.add(VirtualServer(balanced, scheduler: .leastConnection))
            for kind in RealServers.kinds { batch.add(kind.server, to: balanced) }
            batch.update(VirtualServer(balanced, scheduler: .weightedRoundRobin))
            batch.add(RealServer(IPAddress(10, 244, 9, 1), 80, forwarding: .masquerade), to: balanced)
            batch.update(RealServer(IPAddress(10, 244, 9, 1), 80, forwarding: .directRouting, weight: 5), of: balanced)
            batch.add(RealServer(IPAddress(10, 244, 9, 2), 80, forwarding: .masquerade), to: balanced)
            batch.delete(Endpoint(IPAddress(10, 244, 9, 2), 80), from: balanced)
            batch.add(VirtualServer(.firewallMark(99)))
            batch.delete(.firewallMark(99))
            let outcome = try handle.perform(batch)
            // The kernel counts the answers that it drops.
            let drops = outcome.failures.isEmpty ? "" : try namespace.run("cat", "/proc/net/netlink")
            #expect(outcome.failures.isEmpty, "\(drops)")
            #expect(outcome.succeeded == batch.count)
            let expected =
                VirtualServers.kinds.map(\.saved) + ["-A -t 10.96.0.99:80 -s wrr"]
                + RealServers.kinds.map { "-a -t 10.96.0.99:80 -r \($0.saved)" }
                + ["-a -t 10.96.0.99:80 -r 10.244.9.1:80 -g -w 5"]
            #expect(try namespace.saved() == expected.sorted())
        }

        /// Each change depends on those before it.
        @Test func theOrderIsKept() throws {
            let (web, real) = (service(1), realServer(1))
            let changed = VirtualServer(web.id, scheduler: .sourceHashing, flags: .shPort)
            let heavy = realServer(1, weight: 9)
            var batch = Handle.Batch()
            batch.delete(web.id)
            batch.add(real, to: web.id)
            batch.add(web)
            batch.add(web)
            batch.update(real, of: web.id)
            batch.add(real, to: web.id)
            batch.add(real, to: web.id)
            batch.update(heavy, of: web.id)
            batch.delete(real.endpoint, from: web.id)
            batch.delete(real.endpoint, from: web.id)
            batch.delete(web.id)
            batch.update(web)
            batch.add(changed)
            batch.add(heavy, to: web.id)
            let outcome = try handle.perform(batch)
            #expect(outcome.succeeded == 7)
            #expect(outcome.failures.map(\.index) == [0, 1, 3, 4, 6, 9, 11])
            #expect(
                outcome.failures.map(\.error.code) == [
                    .virtualServerNotFound, .virtualServerNotFound, .virtualServerExists, .realServerNotFound,
                    .realServerExists,
                    .realServerNotFound, .virtualServerNotFound,
                ]
            )
            #expect(try namespace.table() == [changed: [heavy]])
            // The second time, there are other objects.
            #expect(try handle.perform(batch).failures.map(\.index) == [1, 3, 4, 6, 9, 11])
            #expect(try namespace.table() == [changed: [heavy]])
        }

        /// For each of 10,000 services, five changes that succeed, and one that fails, each time at another position.
        @Test func sixtyThousandWithTenThousandFailures() throws {
            var batch = Handle.Batch()
            var expected: [(index: Int, code: IPVSError.Code)] = []
            for number in 0..<10_000 {
                let (web, real, other) = (service(number), realServer(1), realServer(2))
                func expectFailure(at place: Int, _ code: IPVSError.Code, _ change: () -> Void) {
                    guard number % 6 == place else { return }
                    expected.append((batch.count, code))
                    change()
                }
                expectFailure(at: 0, .virtualServerNotFound) { batch.update(web) }
                expectFailure(at: 1, .virtualServerNotFound) { batch.add(real, to: web.id) }
                batch.add(web)
                expectFailure(at: 2, .virtualServerExists) { batch.add(web) }
                expectFailure(at: 3, .realServerNotFound) { batch.delete(real.endpoint, from: web.id) }
                batch.add(real, to: web.id)
                batch.add(other, to: web.id)
                expectFailure(at: 4, .realServerExists) { batch.add(other, to: web.id) }
                batch.update(realServer(2, weight: 7), of: web.id)
                // With another scheduler the kernel would wait for all of its processors each time.
                batch.update(service(number, persistence: Persistence(timeout: 77)))
                expectFailure(at: 5, .invalidValue) { batch.update(realServer(1, weight: .max), of: web.id) }
            }
            #expect(batch.count == 60_000)
            let outcome = try handle.perform(batch)
            #expect(outcome.succeeded == 50_000)
            try #require(outcome.failures.count == 10_000)
            let wrong = zip(outcome.failures, expected).count { failure, expected in
                failure.index != expected.index || failure.error.code != expected.code
                    || failure.error.operation != IPVSError.Operation(batch.requests[failure.index])
            }
            #expect(wrong == 0)
            #expect(outcome.failures.suffix(6).map(\.error.description) == Self.lastSentences)
            let services = try handle.virtualServers().map(\.server)
            #expect(services.count == 10_000)
            #expect(Set(services.map(\.id)).count == 10_000)
            #expect(services.allSatisfy { $0.persistence?.timeout == 77 })
            for number in stride(from: 0, to: 10_000, by: 997) {
                let reals = try handle.realServers(of: service(number).id).map(\.server)
                #expect(Set(reals) == [realServer(1), realServer(2, weight: 7)])
            }
        }

        /// Of the services from number 9,994.
        private static let lastSentences = [
            "can't add real server 10.244.0.2:8080 to TCP 10.97.39.10:80: it exists already",
            "can't update real server 10.244.0.1:8080 of TCP 10.97.39.11:80: weight 4294967295 is above 2147483647",
            "can't update virtual server TCP 10.97.39.12:80: no such virtual server",
            "can't add real server 10.244.0.1:8080 to TCP 10.97.39.13:80: no such virtual server",
            "can't add virtual server TCP 10.97.39.14:80: it exists already",
            "can't delete real server 10.244.0.1:8080 from TCP 10.97.39.15:80: no such real server",
        ]

        /// More answers than any buffer holds, all of them errors.
        @Test func everythingFails() throws {
            let batch = Handle.Batch((0..<20_000).map { service($0).id })
            let outcome = try handle.perform(batch)
            #expect(outcome.succeeded == 0)
            #expect(outcome.failures.map(\.index) == Array(0..<20_000))
            #expect(outcome.failures.allSatisfy { $0.error.code == .virtualServerNotFound })
        }

        @Test func signalsDoNotDisturb() throws {
            var batch = Handle.Batch()
            for number in 0..<4_000 {
                batch.add(service(number))
                if number % 5 == 0 { batch.add(service(number)) }
            }
            let outcome = try withSignals { try handle.perform(batch) }
            #expect(outcome.succeeded == 4_000)
            #expect(outcome.failures.map(\.index) == (0..<800).map { $0 * 6 + 1 })
            #expect(outcome.failures.allSatisfy { $0.error.code == .virtualServerExists })
            #expect(try handle.virtualServers().count == 4_000)
        }

        /// Each change is made by one of two writers, and fails for the other one.
        @Test func twoWriters() throws {
            var adding = Handle.Batch()
            for number in 0..<2_000 {
                adding.add(service(number))
                adding.add(realServer(1), to: service(number).id)
            }
            let outcomes = try together(adding)
            // A real server is never added before its virtual server, as both writers use the same order.
            for (index, codes) in try failures(outcomes).enumerated() {
                #expect(codes == [index % 2 == 0 ? .virtualServerExists : .realServerExists])
            }
            #expect(try handle.virtualServers().count == 2_000)
            let deleting = Handle.Batch((0..<2_000).map { service($0).id })
            #expect(try failures(try together(deleting)).allSatisfy { $0 == [.virtualServerNotFound] })
            #expect(try handle.virtualServers().isEmpty)
        }

        /// Makes a batch twice at the same time, with two handles.
        private func together(_ batch: Handle.Batch) throws -> [Handle.Batch.Outcome] {
            let (namespace, start) = (namespace, DispatchSemaphore(value: 0))
            let outcomes = Mutex<[Result<Handle.Batch.Outcome, any Error>]>([])
            let group = DispatchGroup()
            for _ in 0..<2 {
                let handle = try namespace.open()
                group.enter()
                Thread.detachNewThread {
                    start.wait()
                    let outcome = Result { try handle.perform(batch) }
                    outcomes.withLock { $0.append(outcome) }
                    group.leave()
                }
            }
            for _ in 0..<2 { start.signal() }
            group.wait()
            return try outcomes.withLock { try $0.map { try $0.get() } }
        }

        /// The errors of each change, from either writer.
        private func failures(_ outcomes: [Handle.Batch.Outcome]) throws -> [[IPVSError.Code]] {
            let count = outcomes.map { $0.succeeded + $0.failures.count }
            try #require(count.count == 2 && count[0] == count[1])
            var codes = Array(repeating: [IPVSError.Code](), count: count[0])
            for failure in outcomes.flatMap(\.failures) { codes[failure.index].append(failure.error.code) }
            return codes
        }

        /// Without the privilege nothing is changed, by a handle that was opened with it and by one that was not.
        @Test func withoutPrivilege() throws {
            let batch = Handle.Batch((0..<1_000).map { service($0).id })
            try handle.add(service(0))
            let (handle, descriptor) = (handle, namespace.descriptor)
            let outcomes = try onThread {
                try #require(enterNamespace(descriptor) == 0)
                try #require(dropCapabilities() == 0)
                return [try handle.perform(batch), try Handle().perform(batch)]
            }
            for outcome in outcomes {
                #expect(outcome.succeeded == 0)
                #expect(outcome.failures.map(\.index) == Array(0..<1_000))
                #expect(outcome.failures.allSatisfy { $0.error.code == .permissionDenied && $0.error.errno == EPERM })
            }
            #expect(try handle.virtualServers().count == 1)
        }

        /// Whatever the system's default limit (net.core.wmem_default), a whole batch is sent at once.
        @Test func roomToSend() throws {
            var requests = RequestBuffer(capacity: 2 * RequestBuffer.defaultCapacity)
            let request = Request.deleteVirtualServer(service(1).id)
            while requests.append(request) {}
            requests.address(type: UInt16(NLMSG_NOOP), port: 0, sequence: 1, answers: .last)
            let socket = try NetlinkSocket(in: HeldNamespace(path: namespace.path), protocol: NETLINK_GENERIC)
            try requests.withBytes { bytes throws(SystemError) in try socket.send(bytes) }
            socket.close()
        }

        @Test func aClosedHandle() throws {
            handle.close()
            let error = #expect(throws: IPVSError.self) { try handle.perform(Handle.Batch([service(1).id])) }
            #expect(error?.description == "can't delete virtual server TCP 10.97.0.1:80: the handle is closed")
        }
    }
}

extension Handle.Batch {
    /// A batch that deletes virtual servers.
    fileprivate init(_ ids: [VirtualServer.Identity]) {
        self.init()
        for id in ids { delete(id) }
    }
}
