/// The faults that wait for their requests.
struct FaultList: Sendable {
    private struct Entry: Sendable {
        let id: Int
        let fault: Fault
        let pattern: KubernetesTestServer.RequestPattern
        var remaining: Int?
    }

    private var entries: [Entry] = []
    private var lastID = 0

    /// How often faults have been used, by their identifiers.
    private(set) var uses: [Int: Int] = [:]

    mutating func add(_ fault: Fault, on pattern: KubernetesTestServer.RequestPattern, times: Int?) -> Int {
        lastID += 1
        entries.append(Entry(id: lastID, fault: fault, pattern: pattern, remaining: times))
        return lastID
    }

    mutating func remove(_ id: Int) { entries.removeAll { $0.id == id } }

    mutating func removeAll() { entries = [] }

    /// The faults that hit a request: the first of those that are counted, and all others.
    mutating func take(for request: KubernetesTestServer.Request) -> [Fault.Kind] {
        var hits: [Fault.Kind] = []
        var hasCounted = false
        for index in entries.indices where entries[index].pattern.matches(request) {
            if let remaining = entries[index].remaining {
                guard !hasCounted, remaining > 0 else { continue }
                hasCounted = true
                entries[index].remaining = remaining - 1
            }
            uses[entries[index].id, default: 0] += 1
            hits.append(entries[index].fault.kind)
        }
        entries.removeAll { $0.remaining == 0 }
        return hits
    }
}
