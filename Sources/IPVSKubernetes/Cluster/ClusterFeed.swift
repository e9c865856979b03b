import FoundationEssentials
public import IPVSProxy
public import KubernetesAPI
public import Logging
public import ServiceLifecycle

/// Keeps a proxier informed of the services and endpoint slices that a cluster's API server has.
///
///     let client = APIClient(try .inCluster(), userAgent: "agent/1.0 (linux/amd64)")
///     let proxier = try Proxier(configuration)
///     let feed = ClusterFeed(from: client, to: proxier, node: "node-1", logger: logger)
///     try await ServiceGroup(services: [proxier, feed], logger: logger).run()
///
/// The proxier syncs once all objects of the first lists have been reported to it. Whatever happens to the server afterwards,
/// it goes on with what is known.
///
/// It follows the object of the node as well, whose zone tells which hints of endpoints are for this node.
public actor ClusterFeed {
    let proxier: Proxier
    let logger: Logger
    private let server: any ObjectSource
    private let informerOptions: InformerOptions
    private let onNode: NodeHandler
    let events: EventRecorder?
    private let isZoneGiven: Bool

    /// When it was made. What triggered a change before can't have waited for this proxier.
    let started = Date.now

    /// Reads objects for this node.
    var reader: ObjectReader

    /// The services that were reported to the proxier.
    var services: [NamespacedName: ServiceDefinition] = [:]

    /// The slices, and what the proxier was given.
    var slices: [NamespacedName: KnownSlice] = [:]

    /// The names of the slices of a service.
    var slicesOfService: [NamespacedName: Set<NamespacedName>] = [:]

    /// What the node's object says; nil if the object is not known, or was deleted.
    public private(set) var node: NodeRecord?

    /// The notes that were logged last, by kind and name of the object.
    var notes: [String: [Note]] = [:]

    /// The identities of services, for events.
    var serviceUIDs: [NamespacedName: String] = [:]

    /// What the last sync left undone.
    var troubles: Set<ServiceTrouble> = []

    private var informers: Informers?
    private var failure: AsyncStream<any Error>.Continuation?

    /// What is done when the node's object has changed. It is nil if the object was deleted.
    public typealias NodeHandler = @Sendable (NodeRecord?) throws -> Void

    /// The proxier's executor, so that nothing comes between what is decided here and what the proxier hears of it.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe proxier.unownedExecutor }

    /// A feed, which does nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - server: The API server.
    ///   - proxier: The proxier. Nobody else may report objects to it.
    ///   - node: The name of the node, as in the endpoints' `nodeName`.
    ///   - zone: The zone of the node; nil for the one that the node's object says.
    ///   - record: What the node's object says, if it was read before.
    ///   - informers: With which patience to follow the objects. The selectors are set by the feed.
    ///   - events: Where it is reported to users that something of a service is not served; nil for nowhere.
    ///   - logger: Where failures of the server are logged, and what is not served of an object.
    ///   - onNode: What is done when the node's object has changed. If it throws, ``run()`` ends with that error.
    public init(
        from server: any ObjectSource,
        to proxier: Proxier,
        node: String,
        zone: String? = nil,
        record: NodeRecord? = nil,
        informers: InformerOptions = InformerOptions(),
        events: EventRecorder? = nil,
        logger: Logger,
        onNode: @escaping NodeHandler = { _ in }
    ) {
        self.server = server
        self.proxier = proxier
        self.node = record
        self.logger = logger
        self.onNode = onNode
        self.events = events
        informerOptions = informers
        isZoneGiven = zone != nil
        reader = ObjectReader(node: node, zone: zone ?? record?.zone)
    }

    /// What is known of services, endpoint slices and the node's object, in this order.
    public func knowledge() async -> [(resource: Resource, knowledge: Knowledge)] {
        [
            (CoreV1.Service.resource, await informers?.services.knowledge ?? Knowledge()),
            (DiscoveryV1.EndpointSlice.resource, await informers?.slices.knowledge ?? Knowledge()),
            (CoreV1.Node.resource, await informers?.node.knowledge ?? Knowledge()),
        ]
    }

    /// Whether load balancers should send connections to the node, as far as it is known: not if its object says that it is about
    /// to go, or if the object was deleted.
    public private(set) var isNodeEligible = true
}

extension ClusterFeed: Service {
    /// Follows the objects, and sends events, until the task is cancelled or shut down gracefully. It must not be called twice.
    ///
    /// - Throws: The error of the handler of the node's object.
    public func run() async throws {
        let informers = makeInformers()
        self.informers = informers
        let (failures, failure) = AsyncStream.makeStream(of: (any Error).self)
        self.failure = failure
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await informers.services.run() }
                group.addTask { await informers.slices.run() }
                group.addTask { await informers.node.run() }
                group.addTask { for await error in failures { throw error } }
                if let events = self.events {
                    group.addTask { await events.run() }
                    group.addTask {
                        for await troubles in self.proxier.troubleUpdates() { await self.report(troubles) }
                    }
                }
                for try await _ in group {}
            }
        }
    }

    private struct Informers: Sendable {
        let services: Informer<CoreV1.Service>
        let slices: Informer<DiscoveryV1.EndpointSlice>
        let node: Informer<CoreV1.Node>
    }

    private func makeInformers() -> Informers {
        var (served, node) = (informerOptions, informerOptions)
        (served.labelSelector, served.fieldSelector) = (ObjectReader.labelSelector, "")
        (node.labelSelector, node.fieldSelector) = ("", "metadata.name=\(reader.node)")
        return Informers(
            services: Informer(from: server, options: served, logger: logger) { await self.take($0) },
            slices: Informer(from: server, options: served, logger: logger) { await self.take($0) },
            node: Informer(from: server, options: node, logger: logger) { await self.take($0) }
        )
    }
}

// The node.
extension ClusterFeed {
    private func take(_ event: InformerEvent<CoreV1.Node>) {
        switch event {
        case .added(let node), .updated(_, let node):
            let reading = NodeRecord.reading(node)
            note(reading.notes, of: "Node \(node.name)")
            learn(reading.value)
        case .deleted: learn(nil)
        case .synced: break
        }
    }

    private func learn(_ record: NodeRecord?) {
        isNodeEligible = record?.isEligible ?? false
        guard record != node else { return }
        node = record
        do { try onNode(record) } catch { failure?.yield(error) }
        guard let record, !isZoneGiven, record.zone != reader.zone else { return }
        reader.zone = record.zone
        logger.notice("the node's zone is \(record.zone ?? "unknown"); all endpoint slices are read again")
        for known in slices.values { tell(known.object, triggeredAt: nil) }
    }
}
