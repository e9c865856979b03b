import Common
import Glibc
import IPVS

extension Compatible {
    /// Names of hosts and ports: what a line may have in place of numbers, and what a listing shows without `-n`.
    struct Names: Sendable {
        /// The first address of a family that a host has.
        var address: @Sendable (_ host: String, IPAddress.Family) -> IPAddress?

        /// The port of a service such as `http`.
        var port: @Sendable (_ service: String, TransportProtocol) -> UInt16?

        /// The name of an address's host.
        var host: @Sendable (IPAddress) -> String?

        /// The name of a port's service.
        var service: @Sendable (UInt16, TransportProtocol) -> String?
    }
}

extension Compatible.Names {
    /// No names at all: only numbers are read and shown.
    static let none = Self(
        address: { _, _ in nil },
        port: { _, _ in nil },
        host: { _ in nil },
        service: { _, _ in nil }
    )

    /// The names that the system knows. By the calls that ipvsadm makes, so that both see the same; they are not for
    /// several threads at once.
    static let system = Self(
        address: { host, family in
            guard let entry = gethostbyname2(host, Int32(family.rawValue)),
                let first = entry.pointee.h_addr_list[0]
            else { return nil }
            return IPAddress(bytes: UnsafeRawBufferPointer(start: first, count: Int(entry.pointee.h_length)))
        },
        port: { service, transport in
            guard let name = transport.databaseName, let entry = getservbyname(service, name) else { return nil }
            return UInt16(truncatingIfNeeded: entry.pointee.s_port).bigEndian
        },
        host: { address in
            let bytes = address.bytes
            let family = Int32(address.family.rawValue)
            return gethostbyaddr(bytes, socklen_t(bytes.count), family).flatMap { shown($0.pointee.h_name) }
        },
        service: { port, transport in
            guard let name = transport.databaseName else { return nil }
            return getservbyport(Int32(port.bigEndian), name).flatMap { shown($0.pointee.s_name) }
        }
    )

    /// A name as a listing shows it; nil if it has control characters, which would confuse a terminal or a reader. The number
    /// is shown then.
    static func shown(_ name: UnsafePointer<CChar>) -> String? {
        let name = String(cString: name)
        return name.visible(upTo: name.utf8.count) == name ? name : nil
    }
}

extension TransportProtocol {
    /// The protocol's name in the system's database of services; nil for one that ipvsadm does not look up.
    fileprivate var databaseName: String? {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .sctp: "sctp"
        default: nil
        }
    }
}
