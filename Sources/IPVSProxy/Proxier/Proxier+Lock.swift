import IPVSNode

// One proxier at a time uses an interface.

extension Proxier {
    /// Locks the interface until this proxier is deallocated, so that no other one can use it.
    ///
    /// Of two proxiers with one interface, each would delete what the other one makes. So ``run()`` locks it until it returns,
    /// and ``sync()`` and ``cleanup()`` for as long as they take. A program that does more before it calls ``run()`` can lock
    /// it first, and so end at once if another one is running.
    ///
    /// The lock belongs to the node's network namespace and to the interface's name. It works between containers that share
    /// the namespace and no files, and ends with the process, however that ends. It takes no privilege, but only a process
    /// with `CAP_NET_ADMIN` can keep others waiting.
    ///
    /// - Throws: `AddressError` with `inUse`, which names the process that has it.
    public func lockInterface() async throws { try await lock(timeout: .zero) }

    /// Does something while the interface is locked. The timeout is how long to wait for another proxier.
    func withLock<Result>(timeout: Duration, _ body: () async throws -> Result) async throws -> Result {
        try await lock(timeout: timeout)
        do {
            let result = try await body()
            await node.release()
            return result
        } catch {
            await node.release()
            throw error
        }
    }

    private func lock(timeout: Duration) async throws {
        let obstacle = try await waitForLock(timeout)
        if let obstacle, obstacle != lockObstacle { log(lockObstacle: obstacle) }
        lockObstacle = obstacle
    }

    private func waitForLock(_ timeout: Duration) async throws(AddressError) -> String? {
        do throws(AddressError) {
            return try await node.lock(timeout: .zero)
        } catch {
            guard error.code == .inUse, timeout > .zero else { throw error }
            log(waiting: error, for: timeout)
            return try await node.lock(timeout: timeout)
        }
    }
}
