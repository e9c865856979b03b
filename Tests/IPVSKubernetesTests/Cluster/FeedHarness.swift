import Foundation
import IPVSKubernetes
import IPVSProxy
import KubernetesAPI
import KubernetesTestServer
import Logging
import Metrics
import Testing

/// A feed that follows a scripted server, and the proxier that hears of it.
struct FeedHarness {
    let server: KubernetesTestServer
    let proxier: Proxier
    let feed: ClusterFeed

    init(
        node: String = "node-1",
        zone: String? = nil,
        hasEvents: Bool = false,
        onNode: @escaping ClusterFeed.NodeHandler = { _ in }
    ) async throws {
        server = try await KubernetesTestServer()
        proxier = try .inMemory()
        let file = FileManager.default.temporaryDirectory.appending(path: "kubeconfig-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        try server.writeKubeconfig(to: file)
        let configuration = try Kubeconfig(path: file.path).configuration()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var informers = InformerOptions()
        (informers.firstDelay, informers.longestDelay) = (.milliseconds(10), .milliseconds(50))
        let client = APIClient(configuration, userAgent: "test", logger: logger, metrics: NOOPMetricsHandler.instance)
        feed = ClusterFeed(
            from: client,
            to: proxier,
            node: node,
            zone: zone,
            informers: informers,
            events: hasEvents ? EventRecorder(client, controller: "test", instance: "test-1", logger: logger) : nil,
            logger: logger,
            onNode: onNode
        )
    }

    /// Lets the feed run while something is done.
    func running(_ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await feed.run() }
            try await body()
            group.cancelAll()
        }
    }

    /// Waits until what the proxier has heard meets a condition.
    func wait(
        _ what: Comment,
        _ location: SourceLocation = #_sourceLocation,
        until isMet: @Sendable (isolated Proxier) -> Bool
    ) async throws {
        let limit = ContinuousClock.now + .seconds(180)
        while ContinuousClock.now < limit {
            if await isMet(proxier) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(what, sourceLocation: location)
    }
}
