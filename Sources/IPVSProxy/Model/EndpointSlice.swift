/// Some of the endpoints of a service, as a control plane tells of them.
///
/// A service can have any number of slices, of one family or of both. An endpoint that is in two of them, as it can be
/// while it moves from one to the other, counts once.
public struct EndpointSlice: Hashable, Sendable {
    /// What tells it from all other slices.
    public let name: NamespacedName

    /// The service that its endpoints serve.
    public var service: NamespacedName

    /// Its endpoints, in any order, by the name of the service's port that they serve.
    public var endpoints: [String: [ServiceEndpoint]]

    /// A slice of the endpoints of a service.
    public init(_ name: NamespacedName, of service: NamespacedName, endpoints: [String: [ServiceEndpoint]]) {
        self.name = name
        self.service = service
        self.endpoints = endpoints
    }
}
