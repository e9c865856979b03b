public import IPVS

/// A virtual server that a service port wants and does not get.
public struct Rejection: Hashable, Sendable {
    /// The service port.
    public let servicePort: ServicePortName

    /// The virtual server.
    public let id: VirtualServer.Identity

    /// Why the service port does not get it.
    public let reason: Reason

    /// Why a service port does not get a virtual server.
    public enum Reason: Hashable, Sendable {
        /// Another service port has it.
        case taken(by: ServicePortName)
        /// Its address is in an excluded block.
        case excluded
        /// Its address is of a family in which the service port has no cluster IP, and therefore no endpoints.
        case noClusterIP(IPAddress.Family)
    }
}

extension Rejection: Comparable {
    /// By service port, then by virtual server.
    public static func < (left: Self, right: Self) -> Bool {
        (left.servicePort, left.id) < (right.servicePort, right.id)
    }
}

extension Rejection: CustomStringConvertible {
    /// The rejection as a sentence: `default/web can't have TCP 192.0.2.1:80, which default/api has`.
    public var description: String {
        switch reason {
        case .taken(let other): "\(servicePort) can't have \(id), which \(other) has"
        case .excluded: "\(servicePort) can't have \(id), the address of which is excluded"
        case .noClusterIP(let family): "\(servicePort) can't have \(id): the service has no \(family.name) cluster IP"
        }
    }
}

extension IPAddress.Family {
    fileprivate var name: String {
        switch self {
        case .ipv4: "IPv4"
        case .ipv6: "IPv6"
        }
    }
}
