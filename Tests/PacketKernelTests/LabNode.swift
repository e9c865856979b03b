import Foundation
import IPVS
import IPVSNode
import IPVSProxy
import IPVSProxyNFTables
import IPVSProxyTestKernel
import IPVSTestKernel
import Logging
import Testing

/// The node of a lab, as proxiers and tests use it.
struct LabNode {
    let lab: PacketLab

    var namespace: TestNamespace { lab.node }

    static let pods = PacketRules.PodDetection.sources(
        ["10.244.0.0/16", "fd00:244::/32"].compactMap { IPAddress.Block($0) }
    )

    /// The configuration of a proxier for the node with a namespace at a path.
    static func configuration(_ path: String) -> Proxier.Configuration {
        var configuration = Proxier.Configuration()
        configuration.namespace = .path(path)
        // No period ends unless a test wants it to.
        configuration.syncPeriod = .seconds(3_600)
        configuration.sysctls = Sysctl.ipvsMode(forwardingIPv6: true, strictARP: true)
        configuration.packetRules.pods = pods
        return configuration
    }

    /// A proxier, as if in a new process.
    func proxier(
        withRules: Bool = true,
        _ change: (inout Proxier.Configuration) -> Void = { _ in }
    ) throws -> Proxier {
        var configuration = Self.configuration(namespace.path)
        change(&configuration)
        let filter = try withRules ? NFTables(namespace: .path(namespace.path)) : nil
        return try Proxier(configuration, packetFilter: filter, logger: .silent)
    }

    /// The name of the proxier's table.
    static let table = "swift-ipvs-kube-ipvs0"

    /// The words of all packet rules of the node as nft lists them. They are sorted, as the kernel's sets have no order.
    func rules() throws -> [String] { Self.words(try namespace.run("nft", "list", "ruleset")) }

    private static func words(_ rules: String) -> [String] {
        rules.split { $0.isWhitespace || ",{}".contains($0) }.map(String.init).sorted()
    }

    /// Everything of the node that a proxier changes.
    func state() throws -> NodeState {
        let names = Sysctl.ipvsMode(forwardingIPv6: true, strictARP: true).map(\.name).joined(separator: " ")
        let text = try namespace.run(
            "sh",
            "-c",
            "nft list ruleset; echo ---; ipvsadm -Sn; echo ---; ip -oneline address | cut -d: -f2-; sysctl \(names)"
        )
        let parts = text.components(separatedBy: "---\n")
        guard parts.count == 3 else { throw TestFailure("unexpected output: \(text)") }
        return NodeState(
            rules: Self.words(parts[0]),
            table: parts[1].split(separator: "\n").map(String.init).sorted(),
            others: parts[2].split(separator: "\n").map(String.init).sorted()
        )
    }
}

/// What a clean-up has to restore.
struct NodeState: Hashable {
    let rules: [String]
    let table: [String]
    /// Addresses and settings.
    let others: [String]
}

extension Proxier {
    /// Reports that these are all services, with their endpoints.
    func tell(_ transports: [TransportProtocol], _ services: [LabService] = LabService.allCases) {
        for service in services { onServiceAdd(service.definition(transports)) }
        onServiceSynced()
        for service in services { onEndpointSliceAdd(service.slice(transports)) }
        onEndpointSliceSynced()
    }

    /// Runs a sync, which must succeed without a failure.
    @discardableResult
    func syncWell(sourceLocation: SourceLocation = #_sourceLocation) async throws -> SyncReport {
        let report = try #require(try await sync(), sourceLocation: sourceLocation)
        #expect(report.isComplete, "\(report)", sourceLocation: sourceLocation)
        return report
    }
}
