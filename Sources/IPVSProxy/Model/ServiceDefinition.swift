/// A service with its ports, as a control plane reports it.
///
/// It is not named `Service`, as that is a protocol of ServiceLifecycle, which programs import together with this module.
public struct ServiceDefinition: Hashable, Sendable {
    /// The name of the service, which identifies it.
    public let name: NamespacedName

    /// The ports by their names. A port without a name has the empty one.
    public var ports: [String: ServicePort]

    /// The port of each node at which a load balancer asks over HTTP whether the node has endpoints of the service; nil if
    /// none asks. It has a meaning only if the external traffic policy is `local`.
    public var healthCheckNodePort: UInt16?

    /// A service with its ports.
    public init(_ name: NamespacedName, ports: [String: ServicePort], healthCheckNodePort: UInt16? = nil) {
        self.name = name
        self.ports = ports
        self.healthCheckNodePort = healthCheckNodePort
    }
}
