import IPVS
import IPVSProxy
import IPVSTestKernel
import Testing

extension PacketKernelTests {
    /// Rules that others have changed, or that an earlier process has left.
    @Suite struct Repairs {
        let lab: PacketLab
        let node: LabNode

        init() throws {
            lab = try PacketLab.shared.get()
            node = LabNode(lab: lab)
        }

        /// Takes away or adds something of each kind, so that nearly all connections go wrong.
        private func meddle() throws {
            for command in [
                "delete element inet \(LabNode.table) cluster-ips-4 { 10.96.0.1 . tcp . 80 }",
                "flush set inet \(LabNode.table) external-6",
                "flush map inet \(LabNode.table) redirects-4",
                "flush set inet \(LabNode.table) hairpins-6",
                "add element inet \(LabNode.table) unserved-4 { 203.0.113.4 . tcp . 80 }",
                "add element inet \(LabNode.table) refused-6 { fd00:96::1 . udp . 80 }",
                "flush chain inet \(LabNode.table) nat-postrouting",
                "insert rule inet \(LabNode.table) input tcp dport 80 drop",
                "flush chain inet \(LabNode.table) source-ranges/lab/ranged/TCP",
            ] {
                try lab.node.run("nft", command)
            }
        }

        @Test(arguments: [false, true])
        func whatOthersChanged(byANewProcess: Bool) async throws {
            // Each sync compares everything.
            let change: (inout Proxier.Configuration) -> Void = {
                ($0.minSyncPeriod, $0.syncPeriod) = (.milliseconds(1), .milliseconds(1))
            }
            let proxier = try node.proxier(change)
            await proxier.tell(lab.transports)
            try await proxier.syncWell()
            let rules = try node.rules()
            try meddle()
            #expect(try node.rules() != rules)
            let next = byANewProcess ? try node.proxier(change) : proxier
            if byANewProcess { await next.tell(lab.transports) }
            #expect(try await next.syncWell().kind == .full)
            #expect(try node.rules() == rules)
            try lab.expectAllRight("after a repair by \(byANewProcess ? "a new process" : "the same process")")
            try await next.cleanup()
        }

        /// The table is gone, or switched off.
        @Test(arguments: ["delete table inet", "add table inet"])
        func theWholeTable(_ command: String) async throws {
            let proxier = try node.proxier { ($0.minSyncPeriod, $0.syncPeriod) = (.milliseconds(1), .milliseconds(1)) }
            await proxier.tell(lab.transports)
            try await proxier.syncWell()
            let rules = try node.rules()
            let isSwitchedOff = command.hasPrefix("add")
            try lab.node.run("nft", "\(command) \(LabNode.table)\(isSwitchedOff ? " { flags dormant; }" : "")")
            try await proxier.syncWell()
            #expect(try node.rules() == rules)
            try await proxier.cleanup()
        }
    }
}
