import IPVS
import IPVSProxy
import IPVSTestKernel
import Testing

extension PacketKernelTests {
    /// The table of all kinds of connections.
    @Suite struct ConnectionTable {
        let lab: PacketLab
        let node: LabNode

        init() throws {
            lab = try PacketLab.shared.get()
            node = LabNode(lab: lab)
        }

        /// What the rules are for. If a row doesn't fail without them, it doesn't show that they work.
        @Test func withoutRules() async throws {
            let proxier = try node.proxier(withRules: false)
            await proxier.tell(lab.transports)
            try await proxier.syncWell()
            let results = try lab.results("without packet rules", RowTable.groups, [.tcp, .udp], hasRules: false)
            for result in results where result.row.withoutRules != .either {
                #expect(result.isRight == (result.row.withoutRules == .right), "\(result)")
            }
            try await proxier.cleanup()
        }

        @Test func withRules() async throws {
            let before = try node.state()
            let proxier = try node.proxier()
            await proxier.tell(lab.transports)
            try await proxier.syncWell()
            try lab.expectAllRight("with packet rules")
            try await proxier.cleanup()
            #expect(try node.state() == before)
        }
    }
}
