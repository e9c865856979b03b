/// Why something of a service is not in the kernel as it should be.
public struct ServiceTrouble: Hashable, Sendable {
    /// The service port.
    public let servicePort: ServicePortName

    /// What is the matter.
    public let reason: Reason

    /// What is the matter with a service.
    public enum Reason: Hashable, Sendable {
        /// The service can't have a virtual server, as it and others are.
        case rejected(Rejection)
        /// It could have it, but the last sync could not make it so. The next one tries again.
        case failed(SyncFailure)
    }

    /// The troubles that a sync leaves. What is of no service is none.
    static func all(_ rejections: [Rejection], _ failures: [SyncFailure]) -> [ServiceTrouble] {
        rejections.map { ServiceTrouble(servicePort: $0.servicePort, reason: .rejected($0)) }
            + failures.compactMap { failure in
                failure.servicePort.map { ServiceTrouble(servicePort: $0, reason: .failed(failure)) }
            }
    }
}

extension ServiceTrouble: CustomStringConvertible {
    /// The trouble as a sentence: `default/web can't have TCP 192.0.2.1:80, which default/api has`.
    public var description: String {
        switch reason {
        case .rejected(let rejection): "\(rejection)"
        case .failed(let failure): "\(failure)"
        }
    }
}

extension Proxier {
    /// Why services are not in the kernel as they should be, after the last sync and then after each further one.
    ///
    /// It can be called several times. Whoever iterates slowly gets only the newest value.
    ///
    /// - Returns: A sequence that ends when the iterating task is cancelled, or when the proxier is deallocated.
    public nonisolated func troubleUpdates() -> AsyncStream<[ServiceTrouble]> { troubleFeed.follow() }
}
