public import IPVS

/// One of those that serve a port of a service, such as a pod.
public struct ServiceEndpoint: Hashable, Sendable {
    /// Where it is reached.
    public var endpoint: Endpoint

    /// Whether it is on this node.
    public var isLocal: Bool

    /// Whether it takes new connections.
    public var isReady: Bool

    /// Whether it answers, be it on its way out.
    public var isServing: Bool

    /// Whether it is on its way out.
    public var isTerminating: Bool

    /// An endpoint. One that is ready is serving, if nothing else is said.
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
