/// Some of the endpoints of a service, as a control plane reports them.
///
/// A service can have any number of slices, of one address family or of both. An endpoint that is in two of them, as it can be
/// while it moves from one to the other, counts once.
public struct EndpointSlice: Hashable, Sendable {
    /// The name of the slice, which identifies it.
    public let name: NamespacedName

    /// The service that the endpoints serve.
    public var service: NamespacedName

    /// The endpoints, in any order, by the name of the service's port that they serve.
    public var endpoints: [String: [ServiceEndpoint]]

    /// A slice of the endpoints of a service.
    public init(_ name: NamespacedName, of service: NamespacedName, endpoints: [String: [ServiceEndpoint]]) {
        self.name = name
        self.service = service
        self.endpoints = endpoints
    }
}
