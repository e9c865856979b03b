import IPVSProxy
import Testing

@testable import IPVSProxyNFTables

@Suite struct NameTests {
    @Test func tables() {
        #expect(Names.table(of: "kube-ipvs0") == "swift-ipvs-kube-ipvs0")
        #expect(Names.table(of: "a@b") == "swift-ipvs-a/40b")
    }
}
