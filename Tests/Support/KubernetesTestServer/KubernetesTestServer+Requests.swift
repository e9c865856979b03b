internal import NIOConcurrencyHelpers

// What the server sees and does with requests.
extension KubernetesTestServer {
    /// All requests so far, in the order in which they came.
    public var requests: [Request] { core.requests.withLockedValue(\.self) }

    /// The requests so far that a pattern means.
    public func requests(_ pattern: RequestPattern) -> [Request] { requests.filter(pattern.matches) }

    /// Forgets the requests so far.
    public func forgetRequests() { core.requests.withLockedValue { $0 = [] } }

    /// Waits until a condition holds, for 3 minutes at most, as many tests can run at once.
    ///
    /// - Throws: An error with the last requests if it still does not hold.
    public func wait(
        for what: String,
        until condition: @Sendable (KubernetesTestServer) throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(180)
        while try !condition(self) {
            guard ContinuousClock.now < deadline else {
                let last = requests.suffix(10).map { "\($0.method) \($0.path) \($0.query)" }.joined(separator: "\n")
                throw Failure(
                    "\(what) did not come within 3 minutes; open watches: \(openWatches); last requests:\n\(last)"
                )
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Waits until there have been at least so many requests that a pattern means.
    public func waitForRequests(_ count: Int = 1, _ pattern: RequestPattern) async throws {
        try await wait(for: "request number \(count)") { $0.requests(pattern).count >= count }
    }

    /// Waits until exactly so many watches of a resource are open.
    public func waitForWatches(_ count: Int = 1, of resource: Resource) async throws {
        try await wait(for: "\(count) watches of \(resource.plural)") {
            $0.openWatches.filter { $0.resource == resource }.count == count
        }
    }

    /// What goes wrong with requests.
    public var faults: Faults { Faults(core: core) }

    /// What goes wrong with requests.
    public struct Faults: Sendable {
        let core: Core

        /// Adds a fault. A request gets at most one of the faults that are counted, in the order in which they were added, and all
        /// of those that are not.
        ///
        /// - Parameters:
        ///   - fault: What goes wrong.
        ///   - pattern: With which requests.
        ///   - times: With how many of them; nil for all, until the fault is removed.
        /// - Returns: A number to remove it by.
        @discardableResult
        public func add(_ fault: Fault, on pattern: RequestPattern, times: Int? = 1) -> Int {
            core.faults.withLockedValue { $0.add(fault, on: pattern, times: times) }
        }

        /// Removes a fault.
        public func remove(_ id: Int) { core.faults.withLockedValue { $0.remove(id) } }

        /// Removes all faults.
        public func removeAll() { core.faults.withLockedValue { $0.removeAll() } }

        /// How many requests a fault has hit.
        public func uses(of id: Int) -> Int { core.faults.withLockedValue { $0.uses[id] ?? 0 } }
    }
}
