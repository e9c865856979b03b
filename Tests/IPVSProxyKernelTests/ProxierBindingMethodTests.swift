import IPVS
import IPVSProxy
import IPVSProxyTestSamples
import IPVSTestKernel
import Testing

@testable import IPVSNode

extension ProxyKernelTests {
    @Suite struct ProxierBindingMethods {
        @Test func changesOfTheMethod() async throws {
            let node = try TestNode()
            let six = try #require(IPAddress("fd00::1"))
            let services = [
                service("web", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 1), six])),
                service("other", ServicePort(.tcp, 80, clusterIPs: [IPAddress(10, 96, 0, 2)])),
            ]
            // Addresses that an earlier process bound are kept as they are; new ones are bound by this one's method.
            for (bound, method) in [(3, AddressBinder.Method.addresses), (0, .routes), (0, .addresses)] {
                let proxier = try node.proxier { $0.bindingMethod = method }
                await proxier.tell(services)
                #expect(try await proxier.syncWell().bound == bound)
                await proxier.onServiceDelete(services[1])
                #expect(try await proxier.syncWell().unbound == 1)
                await proxier.onServiceAdd(services[1])
                #expect(try await proxier.syncWell().bound == 1)
            }
            let proxier = try node.proxier { $0.bindingMethod = .routes }
            #expect(try await proxier.cleanup().removedInterface)
            #expect(try node.addresses() == nil)
        }
    }
}
