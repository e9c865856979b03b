public import IPVS
public import IPVSNode

/// A virtual server, an address or packet rules that a sync could not make what they should be.
public struct SyncFailure: Error, Hashable, Sendable {
    /// The virtual server; nil for an address that could not be unbound, and for packet rules.
    public let virtualServer: VirtualServer.Identity?

    /// The service port that wants the virtual server, if there is one.
    public internal(set) var servicePort: ServicePortName?

    /// Why it is not what it should be.
    public let reason: Reason

    /// Why something is not what it should be.
    public enum Reason: Hashable, Sendable {
        /// The kernel refused a change to the table.
        case table(IPVSError)
        /// The address could not be bound or unbound.
        case address(AddressError)
        /// The virtual server belongs to somebody else.
        case notOwned
        /// The packet rules could not be read or written.
        case rules(PacketFilterError)
        /// The entries of UDP clients could not be deleted from the kernel's connection tracking.
        case connectionTracking(ConnectionTrackingError)
    }
}

extension SyncFailure: CustomStringConvertible {
    /// The failure as a sentence: `default/web: can't bind 10.96.0.1 to kube-ipvs0: IPv6 is disabled`.
    public var description: String {
        let sentence =
            switch reason {
            case .table(let error): "\(error)"
            case .address(let error): "\(error)"
            case .rules(let error): withoutRules(error)
            case .connectionTracking(let error): "\(error)"
            case .notOwned:
                "can't use \(virtualServer?.description ?? "it"), \(Self.somebodyElses(virtualServer))"
            }
        return servicePort.map { "\($0): \(sentence)" } ?? sentence
    }

    private func withoutRules(_ error: PacketFilterError) -> String {
        virtualServer.map { "\($0) is not served, as nothing would limit who can reach it: \(error)" } ?? "\(error)"
    }

    /// What is the matter with a virtual server of somebody else, and what to do.
    private static func somebodyElses(_ id: VirtualServer.Identity?) -> String {
        let matter = "which somebody else has added to the kernel's table or edited"
        guard case .endpoint(let transport, let endpoint)? = id, let option = ipvsadmOptions[transport] else {
            return matter
        }
        return "\(matter); if nobody else needs it, delete it: ipvsadm -D \(option) \(endpoint)"
    }

    private static let ipvsadmOptions: [TransportProtocol: String] = [.tcp: "-t", .udp: "-u", .sctp: "--sctp-service"]
}
