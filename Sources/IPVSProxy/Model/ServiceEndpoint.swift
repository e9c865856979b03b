public import IPVS

/// An endpoint of a service's port, such as a pod.
public struct ServiceEndpoint: Hashable, Sendable {
    /// Its address and port.
    public var endpoint: Endpoint

    /// Whether it is on this node.
    public var isLocal: Bool

    /// Whether it accepts new connections.
    public var isReady: Bool

    /// Whether it serves connections, even if it is terminating.
    public var isServing: Bool

    /// Whether it is terminating.
    public var isTerminating: Bool

    /// An endpoint.
    ///
    /// - Parameters:
    ///   - endpoint: Its address and port.
    ///   - isLocal: Whether it is on this node.
    ///   - isReady: Whether it accepts new connections.
    ///   - isServing: Whether it serves connections; by default, if it is ready.
    ///   - isTerminating: Whether it is terminating.
    public init(
        _ endpoint: Endpoint,
        isLocal: Bool = false,
        isReady: Bool = true,
        isServing: Bool? = nil,
        isTerminating: Bool = false
    ) {
        self.endpoint = endpoint
        self.isLocal = isLocal
        self.isReady = isReady
        self.isServing = isServing ?? isReady
        self.isTerminating = isTerminating
    }
}
