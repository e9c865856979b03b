import KubernetesAPI

/// What is known of services to somebody who hears of them by an informer's events alone.
struct Replay: Sendable {
    private(set) var services: [ObjectName: CoreV1.Service] = [:]

    /// How often a service was reported as deleted.
    private(set) var deletions: [String: Int] = [:]

    /// How often the first list was reported as complete.
    private(set) var syncs = 0

    /// How many events there were.
    private(set) var count = 0

    /// Events that contradict those before them.
    private(set) var contradictions: [String] = []

    /// The versions of all services, as the server gives them too.
    var versions: [String: String] { CoreV1.Service.versions(services.values) }

    mutating func take(_ event: InformerEvent<CoreV1.Service>) {
        count += 1
        switch event {
        case .added(let service):
            if services.updateValue(service, forKey: service.name) != nil { contradict(event) }
        case .updated(let old, let new):
            if services.updateValue(new, forKey: new.name) != old || old == new { contradict(event) }
        case .deleted(let service):
            if services.removeValue(forKey: service.name) != service { contradict(event) }
            deletions[service.name.name, default: 0] += 1
        case .synced:
            syncs += 1
            if syncs > 1 { contradict(event) }
        }
    }

    private mutating func contradict(_ event: InformerEvent<CoreV1.Service>) {
        contradictions.append("event \(count): \(event)")
    }
}

extension CoreV1.Service {
    static func versions(_ services: some Sequence<Self>) -> [String: String] {
        Dictionary(services.map { ("\($0.name)", $0.metadata.resourceVersion) }) { "\($0) and \($1)" }
    }
}
