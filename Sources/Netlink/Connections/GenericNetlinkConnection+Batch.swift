extension GenericNetlinkConnection {
    /// Sends what a buffer holds with one system call, and returns the requests that did not succeed, in their order, as
    /// ``NetlinkConnection/sendBatch(_:type:)`` does.
    public mutating func sendBatch(_ batch: inout RequestBuffer) throws(Failure) -> [NetlinkConnection.BatchFailure] {
        while true {
            let type = try knownFamily()
            let failures = try netlink.sendBatch(&batch, type: type)
            // The module may have been unloaded, and its state with it, and loaded again: what was sent is void then.
            if Self.arePerhapsVoid(failures, of: batch.count), try resolveFamily() != type { continue }
            return failures
        }
    }

    /// Whether the kernel may have had no family of this number: then it finds nothing for any request. The module can't
    /// go while the kernel reads what one system call sent.
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
