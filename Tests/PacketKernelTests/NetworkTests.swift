import IPVS
import IPVSProxy
import IPVSTestKernel
import Testing

extension PacketKernelTests {
    /// Other ways to recognize the pods' packets, and rules of others.
    @Suite struct Networks {
        private func expectAllRight(_ title: String, _ lab: PacketLab, _ pods: PacketRules.PodDetection) async throws {
            let proxier = try LabNode(lab: lab).proxier { $0.packetRules.pods = pods }
            await proxier.tell(lab.transports)
            try await proxier.syncWell()
            try lab.expectAllRight(title, RowTable.groups, [.tcp, .udp])
            try await proxier.cleanup()
        }

        @Test func podsOnABridge() async throws {
            let lab = try PacketLab(.bridge)
            try await expectAllRight("pods on a bridge", lab, .bridge("cni0"))
            try await expectAllRight("pods on a bridge, recognized by their sources", lab, LabNode.pods)
        }

        @Test func podsByTheirInterfaces() async throws {
            try await expectAllRight(
                "pods recognized by their interfaces",
                try PacketLab.shared.get(),
                .interfacePrefix("veth")
            )
        }

        /// Nothing that the proxier could accept overrules another table's drop: it is reported.
        @Test func anotherTableThatDrops() async throws {
            let lab = try PacketLab.shared.get()
            let proxier = try LabNode(lab: lab).proxier {
                ($0.minSyncPeriod, $0.syncPeriod) = (.zero, .milliseconds(1))
            }
            await proxier.tell([.tcp])
            #expect(try await proxier.syncWell().obstacles.isEmpty)
            let policy = "{ type filter hook forward priority 0; policy drop; }"
            try lab.node.run("nft", "add table inet strict; add chain inet strict keep-out \(policy)")
            var request = Request(transport: .tcp, address: Backend.node.address.ipv4, port: LabService.open.nodePort)
            request.patience = Request.patienceWithSilence
            #expect(try request.outcomes(in: lab.stranger) == [.silence])
            let obstacles = try await proxier.syncWell().obstacles.map(\.description)
            #expect(
                obstacles.count == 1 && obstacles[0].contains("strict") && obstacles[0].contains("keep-out"),
                "\(obstacles)"
            )
            print(obstacles)
            try lab.node.run("nft", "delete table inet strict")
            #expect(try await proxier.syncWell().obstacles.isEmpty)
            try await proxier.cleanup()
        }
    }
}
