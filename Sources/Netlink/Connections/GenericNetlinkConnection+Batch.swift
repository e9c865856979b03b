extension GenericNetlinkConnection {
    /// Sends the requests of a buffer with one system call, and returns those that did not succeed, in their order. See
    /// ``NetlinkConnection/sendBatch(_:type:)``.
    public mutating func sendBatch(_ batch: inout RequestBuffer) throws(Failure) -> [NetlinkConnection.BatchFailure] {
        while true {
            let type = try knownFamily()
            let failures = try netlink.sendBatch(&batch, type: type)
            // The module may have been unloaded, with all of its state, and loaded again. The requests had no effect
            // then.
            if Self.arePerhapsVoid(failures, of: batch.count), try resolveFamily() != type { continue }
            return failures
        }
    }

    /// Whether the kernel may have had no family with this number, so that all requests failed as not found. The module
    /// can't be unloaded while the kernel processes the requests of one system call.
    private static func arePerhapsVoid(_ failures: [NetlinkConnection.BatchFailure], of count: Int) -> Bool {
        failures.count == count && failures.contains { $0.reason.isNotFound }
            && failures.allSatisfy { $0.reason.isNotFound || $0.reason == .answerLost }
    }
}

extension NetlinkConnection.Failure {
    fileprivate var isNotFound: Bool {
        if case .kernel(let answer) = self { answer.isNotFound } else { false }
    }
}
