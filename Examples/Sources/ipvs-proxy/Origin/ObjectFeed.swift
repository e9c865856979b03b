import IPVSProxy
import ServiceLifecycle

/// Where services and endpoints come from: manifests, or an API server.
protocol ObjectFeed: Sendable {
    /// What the Node object says, if the proxier's configuration needs it.
    func nodeFacts() async throws -> NodeFacts

    /// Reports all objects to a proxier as they are now.
    func tellAll(_ proxier: Proxier) async throws

    /// What reports objects to the proxier as long as it runs.
    func service(for proxier: Proxier) async throws -> any Service

    /// Whether the node should get connections from outside.
    var isEligible: Bool { get async }

    /// What is known of an API server's objects; nothing without one.
    var knowledge: [Knowledge] { get async }
}
