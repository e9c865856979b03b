public import IPVS
public import KubernetesAPI

/// What a node's object says that matters to the node's proxier.
public struct NodeRecord: Hashable, Sendable {
    /// The node's addresses, at most one of each family. Internal ones come before external ones, as in kube-proxy.
    public var addresses: [IPAddress] = []

    /// The zone that the node is in; nil if it is not known.
    public var zone: String?

    /// The blocks of the addresses of the node's pods.
    public var podRanges: [IPAddress.Block] = []

    /// Whether load balancers should send connections to the node. They should not if it is about to go: if its object is
    /// being deleted, or if the cluster's autoscaler is about to delete it.
    public var isEligible = true

    /// Reads a node.
    ///
    /// - Parameter node: The node.
    /// - Returns: What it says, with a note for each address or block that can't be used.
    public static func reading(_ node: CoreV1.Node) -> Reading<NodeRecord> {
        var notes = Notes("Node", node.name)
        var record = NodeRecord()
        record.addresses = addresses(node, &notes)
        let labels = node.metadata.labels
        record.zone = zoneLabels.lazy.compactMap { labels[$0] }.first { !$0.isEmpty }
        record.podRanges = podRanges(node, &notes)
        let isTainted = node.spec?.taints?.contains { $0.key == autoscalerTaint } ?? false
        record.isEligible = node.metadata.deletionTimestamp == nil && !isTainted
        return Reading(value: record, notes: notes.all)
    }

    /// The current name of the label comes before the one from before Kubernetes 1.17.
    private static let zoneLabels = ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"]

    private static let autoscalerTaint = "ToBeDeletedByClusterAutoscaler"

    private static func addresses(_ node: CoreV1.Node, _ notes: inout Notes) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for type in ["InternalIP", "ExternalIP"] {
            for (index, entry) in (node.status?.addresses ?? []).enumerated() where entry.type == type {
                let field = "status.addresses[\(index)].address"
                guard let address = notes.address(entry.address, field) else { continue }
                // A kubelet uses no such address, whereas a loopback address can be that of a cluster in one host.
                if let purpose = address.purpose, ![.loopback, .linkLocal].contains(purpose) {
                    notes.warn(field, "\(address) is \(purpose.rawValue), which no node can have; it is left out")
                    continue
                }
                if !addresses.contains(where: { $0.family == address.family }) { addresses.append(address) }
            }
        }
        return addresses
    }

    private static func podRanges(_ node: CoreV1.Node, _ notes: inout Notes) -> [IPAddress.Block] {
        var texts = (node.spec?.podCIDRs ?? []).enumerated().map { ("spec.podCIDRs[\($0.offset)]", $0.element) }
        // Servers before Kubernetes 1.16 have only the older field.
        if texts.isEmpty, let text = node.spec?.podCIDR, !text.isEmpty { texts = [("spec.podCIDR", text)] }
        var ranges: [IPAddress.Block] = []
        for (field, text) in texts {
            guard let range = notes.block(text, field), !ranges.contains(range) else { continue }
            ranges.append(range)
        }
        return ranges
    }
}
