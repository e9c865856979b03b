/// A service as a control plane tells of it: all of its ports.
///
/// The name leaves `Service` to the package ServiceLifecycle, which goes with this one.
public struct ServiceDefinition: Hashable, Sendable {
    /// What tells it from all other services.
    public let name: NamespacedName

    /// Its ports by their names; the empty name is the port that has none.
    public var ports: [String: ServicePort]

    /// A service with its ports.
    public init(_ name: NamespacedName, ports: [String: ServicePort]) {
        self.name = name
        self.ports = ports
    }
}
