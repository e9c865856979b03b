import Common
import IPVSKubernetes
import IPVSProxy
import KubernetesAPI
import Logging
import ServiceLifecycle

/// Services and endpoints from an API server.
actor ServerFeed: ObjectFeed {
    private let client: APIClient
    private let settings: Settings
    private let logger: Logger

    /// How long to wait for what the node's object says if the proxier can't do without it, as kube-proxy does.
    private let patience: Duration

    /// What the node's object said before the proxier was made.
    private var record: NodeRecord?

    private var feed: ClusterFeed?

    /// - Parameters:
    ///   - client: The client of the server.
    ///   - settings: The settings of the program.
    ///   - logger: The logger.
    ///   - patience: How long to wait for the node's object if the proxier can't do without it.
    init(_ client: APIClient, _ settings: Settings, logger: Logger, patience: Duration = .seconds(300)) {
        (self.client, self.settings, self.logger, self.patience) = (client, settings, logger, patience)
    }

    func nodeFacts() async throws -> NodeFacts {
        guard settings.needsNodeFacts || settings.node.zone == nil else { return NodeFacts() }
        let limit = ContinuousClock.now + patience
        var delay = Duration.seconds(1)
        while true {
            let obstacle = await readNode()
            guard settings.needsNodeFacts else {
                if let obstacle {
                    logger.warning("\(obstacle); until that changes, the node's zone is not known")
                }
                return NodeFacts()
            }
            if let facts = record.map(NodeFacts.init), settings.lack(of: facts) == nil { return facts }
            let reason = obstacle ?? settings.lack(of: record.map(NodeFacts.init) ?? NodeFacts()) ?? ""
            guard ContinuousClock.now + delay < limit else {
                throw Failure("\(reason); without it, the program can't go on")
            }
            logger.warning("\(reason); trying again")
            try await Task.sleep(for: delay)
            delay = min(delay * 2, .seconds(10))
        }
    }

    /// Reads the node's object, or returns why that was not possible.
    private func readNode() async -> String? {
        do {
            let reading = try await NodeRecord.find(settings.node.name, on: client)
            record = reading.value
            for note in reading.notes where note.isWarning { logger.warning("\(note)") }
            return record == nil
                ? "the API server has no node \(settings.node.name), which --hostname-override names" : nil
        } catch {
            return "can't read the node \(settings.node.name): \(error)"
        }
    }

    func service(for proxier: Proxier) -> any Service {
        let events = EventRecorder(
            client,
            controller: "ipvs-proxy",
            instance: "ipvs-proxy-\(settings.node.name)",
            logger: logger
        )
        return makeFeed(for: proxier, events: events)
    }

    private func makeFeed(for proxier: Proxier, events: EventRecorder?) -> ClusterFeed {
        let (settings, facts) = (settings, record.map(NodeFacts.init))
        let feed = ClusterFeed(
            from: client,
            to: proxier,
            node: settings.node.name,
            zone: settings.node.zone,
            record: record,
            events: events,
            logger: logger
        ) { record in
            // As kube-proxy does: whoever started the program starts it again.
            guard let record, let facts, let change = settings.change(from: facts, to: NodeFacts(record)) else {
                return
            }
            throw Failure(
                "\(change); the program ends, so that it is started again with what the node's object says now"
            )
        }
        self.feed = feed
        return feed
    }

    /// Reports all objects, and ends, without events. An answer of the server that is an error is not waited out.
    func tellAll(_ proxier: Proxier) async throws {
        let feed = makeFeed(for: proxier, events: nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await feed.run() }
            defer { group.cancelAll() }
            while await !proxier.isSynced {
                for (_, knowledge) in await feed.knowledge() where !knowledge.isSynced {
                    if let error = knowledge.error { throw Failure("\(error)") }
                }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    var isEligible: Bool { get async { await feed?.isNodeEligible ?? true } }

    var knowledge: [Knowledge] {
        get async {
            await (feed?.knowledge() ?? []).map { resource, known in
                Knowledge(
                    resource: resource.plural,
                    age: known.lastContact.map { $0.duration(to: .now) },
                    objectCount: known.objectCount,
                    isSynced: known.isSynced
                )
            }
        }
    }
}

extension NodeFacts {
    init(_ record: NodeRecord) { self.init(podBlocks: record.podRanges, addresses: record.addresses) }
}

extension Settings {
    private var needsPodBlocks: Bool { configuration.detectLocalMode == .nodeCIDR }

    private var needsAddresses: Bool {
        configuration.nodePortAddresses.contains(.primary) && configuration.bindAddress.isUnspecified
    }

    /// What the proxier's configuration needs of the node's object and is not there; nil if all is there.
    func lack(of facts: NodeFacts) -> String? {
        if needsPodBlocks, facts.podBlocks.isEmpty {
            return "the node \(node.name) has no pod CIDR yet, which the mode NodeCIDR to detect local traffic needs"
        }
        if needsAddresses, facts.addresses.isEmpty {
            return "the node \(node.name) has no address yet, which the node ports' addresses depend on"
        }
        return nil
    }

    /// What has changed of that; nil if nothing has.
    func change(from old: NodeFacts, to new: NodeFacts) -> String? {
        func words(_ values: [some CustomStringConvertible]) -> String {
            values.isEmpty ? "none" : values.map(\.description).joined(separator: ",")
        }
        if needsPodBlocks, old.podBlocks != new.podBlocks {
            return "the node's pod CIDRs have changed from \(words(old.podBlocks)) to \(words(new.podBlocks))"
        }
        if needsAddresses, old.addresses != new.addresses {
            return "the node's addresses have changed from \(words(old.addresses)) to \(words(new.addresses))"
        }
        return nil
    }
}
