import IPVSProxy
import Testing

@testable import IPVSProxyNFTables

@Suite struct NameTests {
    @Test(arguments: [
        ("kube-ipvs0", "swift-ipvs-kube-ipvs0"), ("a.b_c-1", "swift-ipvs-a.b_c-1"), ("a@b", "swift-ipvs-a/40b"),
        ("\" {", "swift-ipvs-/22/20/7b"), ("ä", "swift-ipvs-/c3/a4"),
    ])
    func tables(interface: String, table: String) {
        #expect(Names.table(of: interface) == table)
    }

    @Test(arguments: [
        (ServicePortName(NamespacedName("default", "web"), port: "http"), "source-ranges/default/web/http"),
        (ServicePortName(NamespacedName("default", "web")), "source-ranges/default/web"),
        (ServicePortName(NamespacedName("", "web")), "source-ranges//web"),
        (ServicePortName(NamespacedName("", "a/b"), port: "_ä"), "source-ranges//a_2fb/_5f_c3_a4"),
        (ServicePortName(NamespacedName("a\nb", "; drop")), "source-ranges/a_0ab/_3b_20drop"),
    ])
    func chains(name: ServicePortName, chain: String) {
        #expect(Names.chain(of: name) == chain)
        #expect(Names.servicePort(ofChain: chain) == name)
    }

    @Test(arguments: [
        "", "source-ranges", "source-ranges/a", "source-ranges/a/b/c/d", "source-ranges/a/b/", "source-ranges/a/_",
        "source-ranges/a/_2",
        "source-ranges/a/_zz", "source-ranges/a/_+2", "source-ranges/a/_62", "source-ranges/a/_C3",
        "source-ranges/a/_ff", "prerouting",
    ])
    func chainsOfNothing(chain: String) {
        #expect(Names.servicePort(ofChain: chain) == nil)
    }

    /// Kubernetes' longest names are kept, and longer ones have different hashes.
    @Test func longNames() {
        let part = String(repeating: "x", count: 63)
        let longest = ServicePortName(NamespacedName(part, part), port: part)
        #expect(Names.chain(of: longest) == "source-ranges/\(part)/\(part)/\(part)")
        let long = (0..<3).map { ServicePortName(NamespacedName(part + part, part + part), port: "\($0)") }
        let chains = long.map { Names.chain(of: $0) }
        #expect(Set(chains).count == 3)
        for chain in chains {
            #expect(chain.hasPrefix("source-ranges/_/") && chain.utf8.count <= 32)
            #expect(Names.servicePort(ofChain: chain) == nil)
        }
    }

    /// The same in all processes.
    @Test func stableHashes() {
        #expect(StableHash().value == 0xcbf2_9ce4_8422_2325)
        #expect(StableHash.of(["a", "bc"]) == StableHash.of(["a", "bc"]))
        #expect(Set([["a", "bc"], ["ab", "c"], ["abc"], ["abc", ""], [], [""]].map(StableHash.of)).count == 6)
        let chains = ["a": WrittenChain(text: 10, rules: 255), "b": WrittenChain(text: 6, rules: .max)]
        #expect(chains.mark == "written/10-fe")
    }
}
