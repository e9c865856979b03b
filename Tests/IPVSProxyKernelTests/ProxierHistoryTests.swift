import Foundation
import IPVS
import IPVSProxyTestSamples
import IPVSTestKernel
import IPVSTestModels
import Testing

@testable import IPVSNode
@testable import IPVSProxy

extension ProxyKernelTests {
    /// Random changes, restarts and changes by others.
    @Suite struct ProxierHistories {
        private struct Objects {
            var services: [NamespacedName: ServiceDefinition] = [:]
            var slices: [NamespacedName: EndpointSlice] = [:]
        }

        /// Few addresses, ports and names, so that services often conflict.
        private static func port(_ random: inout SplitMix64) -> ServicePort {
            ServicePort(
                random.next() % 4 == 0 ? .udp : .tcp,
                UInt16(80 + random.next() % 2),
                clusterIPs: [
                    IPAddress(10, 96, 0, UInt8(1 + random.next() % 12)), address("fd00::\(1 + random.next() % 6)"),
                ],
                externalIPs: random.next() % 3 == 0 ? [IPAddress(10, 96, 0, UInt8(1 + random.next() % 12))] : [],
                sessionAffinity: random.next() % 4 == 0 ? .clientIP : .none,
                internalTrafficPolicy: random.next() % 4 == 0 ? .local : .cluster,
                scheduler: random.next() % 4 == 0 ? .sourceHashing : nil
            )
        }

        private static func endpoints(_ random: inout SplitMix64) -> [ServiceEndpoint] {
            (0..<random.next() % 5).map { _ in
                let place = 1 + random.next() % 4
                return ServiceEndpoint(
                    random.next() % 3 == 0 ? "[fd01::\(place)]:8080" : "10.244.1.\(place):8080",
                    isLocal: random.next() % 2 == 0,
                    isReady: random.next() % 4 != 0,
                    isServing: random.next() % 2 == 0,
                    isTerminating: random.next() % 2 == 0
                )
            }
        }

        /// Makes one change to the objects, and reports it.
        private static func change(_ objects: inout Objects, _ proxier: Proxier, _ random: inout SplitMix64) async {
            let name = "web-\(random.next() % 10)"
            switch random.next() % 10 {
            case 0...3:
                let service = service(name, port(&random))
                objects.services[service.name] = service
                await proxier.onServiceAdd(service)
            case 4:
                let old = objects.services.removeValue(forKey: NamespacedName("default", name))
                if let old { await proxier.onServiceDelete(old) }
            case 5...8:
                let slice = slice(name, endpoints(&random))
                objects.slices[slice.name] = slice
                await proxier.onEndpointSliceAdd(slice)
            default:
                let old = objects.slices.removeValue(forKey: NamespacedName("default", "\(name)-1"))
                if let old { await proxier.onEndpointSliceDelete(old) }
            }
        }

        /// After each sync the kernel has the state of the current objects, whatever their history.
        @Test(arguments: [1, 2, 3] as [UInt64])
        func theKernelFollows(seed: UInt64) async throws {
            var random = SplitMix64(seed: seed)
            let node = try TestNode()
            let clock = TestClock()
            let binder = try AddressBinder(namespace: .path(node.namespace.path))
            var objects = Objects()
            // Later proxiers bind by either method.
            var proxier = try node.proxier(clock) { $0.bindingMethod = .routes }
            await proxier.tell([])
            for _ in 0..<60 {
                for _ in 0...random.next() % 4 { await Self.change(&objects, proxier, &random) }
                switch random.next() % 8 {
                case 0:
                    clock.advance(by: .seconds(3_600))
                case 1:
                    proxier = try node.proxier(clock) {
                        $0.bindingMethod = AddressBinder.Method.allCases.randomElement(using: &random) ?? .addresses
                    }
                    await proxier.tell(Array(objects.services.values), Array(objects.slices.values))
                case 2:
                    // A full sync corrects what others have changed.
                    if let victim = try node.handle.virtualServers().first { try node.handle.delete(victim.server.id) }
                    if let address = try binder.addresses().first { _ = try binder.unbind([address]) }
                    clock.advance(by: .seconds(3_600))
                default: break
                }
                try await proxier.syncWell()
                let mark = Ownership(interface: AddressBinder.defaultInterface).mark
                var expected = DesiredState(node: NodeFacts(flags: mark))
                for service in objects.services.values { expected.update(service) }
                for slice in objects.slices.values { expected.update(slice) }
                expected.commit()
                #expect(try node.handle.table() == expected.table)
                #expect(try binder.addresses() == Set(expected.addresses))
            }
            try await proxier.cleanup()
            #expect(try node.handle.table().isEmpty)
            #expect(try node.addresses() == nil)
        }
    }
}
