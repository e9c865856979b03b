import Glibc
import IPVS
import IPVSNode
import IPVSProxyTestSamples
import IPVSProxyTesting
import Testing

@testable import IPVSProxy

@Suite("The marks of proxiers")
struct MarkTests {
    private let port = ServicePort(.tcp, 80, clusterIPs: [address("10.96.0.1")])
    private let endpoint = ServiceEndpoint("10.244.0.1:8080")

    @Test("Marks are in the upper half of the flags, and those of different interfaces differ")
    func marks() {
        let marks = ["kube-ipvs0", "kube-ipvs1", "ipvs0", "other0"].map { Ownership(interface: $0).mark.rawValue }
        #expect(Set(marks).count == marks.count)
        #expect(marks.allSatisfy { $0 != 0 && $0 & 0xffff == 0 })
    }

    /// Two names whose hashes are the same mark.
    private let collidingNames = ("kube-ipvs0", "lb10991")

    @Test("Two interfaces whose names have the same mark: the second proxier is refused, and the first keeps its own")
    func collision() async throws {
        let (name, otherName) = collidingNames
        #expect(Ownership(interface: name).mark == Ownership(interface: otherName).mark)
        let harness = try Harness()
        await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
        try await harness.proxier.sync()
        let before = harness.kernel.entries
        var configuration = Harness.configuration
        configuration.interface = otherName
        let other = try harness.restarted(configuration)
        await other.tellAllIsThere([.web(ServicePort(.tcp, 80, clusterIPs: [address("10.97.0.1")]))])
        for _ in 0..<2 {
            let error = await #expect(throws: AddressError.self) { try await other.proxier.sync() }
            #expect(error?.code == .notOwned)
            let sentence = """
                can't use the interface lb10991: virtual servers would have the same mark as those of the proxier with the \
                interface kube-ipvs0; choose another name
                """
            #expect(error?.description == sentence)
            await #expect(throws: AddressError.self) { try await other.proxier.plan() }
            await #expect(throws: AddressError.self) { try await other.proxier.cleanup() }
        }
        #expect(harness.kernel.entries == before)
        #expect(harness.node.interfaces[otherName] == nil)
        // The first one still works, and so does a process that replaces it.
        for harness in [harness, try harness.restarted()] {
            harness.advance(by: harness.proxier.configuration.syncPeriod)
            await harness.tellAllIsThere([.web(port), .endpoints([endpoint])])
            #expect(try await harness.proxier.sync()?.changes == 0)
        }
        // Without the first one, the name can be used.
        try await harness.proxier.cleanup()
        #expect(try await other.proxier.sync()?.isComplete == true)
        #expect(Set(other.services.keys) == ["TCP 10.97.0.1:80"])
    }

    @Test("If two interfaces are labeled at the same moment, the one whose name sorts first keeps the mark")
    func collisionAtOnce() async throws {
        let (name, otherName) = collidingNames
        for (own, rival, yields) in [(otherName, name, true), (name, otherName, false)] {
            // The rival's interface appears while this one is being labeled.
            let node = InMemoryNode()
            node.beforeEachRequest { request, contents in
                guard case .setAlias = request, contents.interfaces[rival] == nil else { return }
                contents.interfaces[rival] = .dummy(alias: InterfaceLabel().description)
            }
            var configuration = Harness.configuration
            configuration.interface = own
            let harness = try Harness(configuration, node: node)
            await harness.tellAllIsThere([.web(port)])
            if yields {
                let error = await #expect(throws: AddressError.self) { try await harness.proxier.sync() }
                #expect(error?.code == .notOwned)
                #expect(harness.services.isEmpty && harness.alias == nil)
            } else {
                for _ in 0..<2 {
                    #expect(try await harness.proxier.sync()?.isComplete == true)
                    harness.advance(by: configuration.syncPeriod)
                }
                #expect(harness.services.count == 1)
            }
        }
    }
}
