/// The name of a service's port together with that of the service.
///
/// Its text is `default/web:http`, or `default/web` for a port without a name.
public struct ServicePortName: Hashable, Sendable {
    /// The service.
    public var service: NamespacedName

    /// The name of the port in the service; empty if it has none.
    public var port: String

    /// A port of a service.
    public init(_ service: NamespacedName, port: String = "") {
        self.service = service
        self.port = port
    }
}

extension ServicePortName: Comparable {
    /// By service, then by the name of the port.
    public static func < (left: Self, right: Self) -> Bool {
        (left.service, left.port) < (right.service, right.port)
    }
}

extension ServicePortName: CustomStringConvertible {
    /// The name as text: `default/web:http`.
    public var description: String { port.isEmpty ? service.description : "\(service):\(port)" }
}
