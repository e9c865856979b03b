import IPVS
import IPVSProxy

/// A set or map of the table.
struct NamedSet: Hashable {
    /// What it is for. The names are those of the table's sets, which end with the family.
    enum Kind: String, CaseIterable {
        case clusterIPs = "cluster-ips"
        case external
        case local
        case redirects
        case unserved
        case refused
        case restricted
        case addresses
        case hairpins
        case healthCheckPorts = "health-check-ports"
    }

    let kind: Kind

    /// The family of its addresses; nil if it has none.
    let family: IPAddress.Family?

    /// All of them, in the order of ``index``.
    static let all: [NamedSet] =
        [.ipv4, .ipv6].flatMap { family in
            Kind.allCases.filter { $0 != .healthCheckPorts }.map { NamedSet(kind: $0, family: family) }
        } + [NamedSet(kind: .healthCheckPorts, family: nil)]

    /// The names of all.
    static let names = Set(all.map(\.name))

    /// Its place in ``all``.
    var index: Int {
        let kinds = NamedSet.Kind.healthCheckPorts.place
        return switch family {
        case .ipv4: kind.place
        case .ipv6: kinds + kind.place
        case nil: 2 * kinds
        }
    }

    /// The set that an element with a key is in.
    init(of key: PacketRules.Key) {
        (kind, family) =
            switch key {
            case .clusterIP(let destination): (.clusterIPs, destination.endpoint.address.family)
            case .external(let destination): (.external, destination.endpoint.address.family)
            case .local(let destination): (.local, destination.endpoint.address.family)
            case .redirect(let destination): (.redirects, destination.endpoint.address.family)
            case .unserved(let destination): (.unserved, destination.endpoint.address.family)
            case .refused(let destination): (.refused, destination.endpoint.address.family)
            case .restricted(let destination): (.restricted, destination.endpoint.address.family)
            case .address(let address): (.addresses, address.family)
            case .hairpin(let address): (.hairpins, address.family)
            case .healthCheckPort: (.healthCheckPorts, nil)
            }
    }

    init(kind: Kind, family: IPAddress.Family?) { (self.kind, self.family) = (kind, family) }
}

extension NamedSet.Kind {
    fileprivate var place: Int {
        switch self {
        case .clusterIPs: 0
        case .external: 1
        case .local: 2
        case .redirects: 3
        case .unserved: 4
        case .refused: 5
        case .restricted: 6
        case .addresses: 7
        case .hairpins: 8
        case .healthCheckPorts: 9
        }
    }
}

extension NamedSet {
    /// What the values of a map are.
    enum Values { case none, endpoints, verdicts }

    var values: Values {
        switch kind {
        case .redirects: .endpoints
        case .restricted: .verdicts
        default: .none
        }
    }

    /// The name in the table.
    var name: String {
        switch family {
        case .ipv4: "\(kind.rawValue)-4"
        case .ipv6: "\(kind.rawValue)-6"
        case nil: kind.rawValue
        }
    }

    /// The declaration in nft's language, behind the table's name.
    var declaration: String {
        let address = family == .ipv6 ? "ipv6_addr" : "ipv4_addr"
        let key =
            switch kind {
            case .addresses: address
            case .hairpins: "\(address) . \(address)"
            case .healthCheckPorts: "inet_service"
            default: "\(address) . inet_proto . inet_service"
            }
        return switch values {
        case .none: "\(name) { type \(key); }"
        case .endpoints: "\(name) { type \(key) : \(address) . inet_service; }"
        case .verdicts: "\(name) { type \(key) : verdict; }"
        }
    }

    /// The number of bytes of a key, as the kernel has it: each part takes a multiple of four.
    var keyLength: Int {
        switch kind {
        case .addresses: addressLength
        case .hairpins: 2 * addressLength
        case .healthCheckPorts: 2
        default: addressLength + 8
        }
    }

    /// The number of bytes of a value in the kernel. That of verdicts doesn't matter.
    var valueLength: Int { values == .endpoints ? addressLength + 4 : 0 }

    /// The number of bytes of an address.
    var addressLength: Int { family == .ipv6 ? 16 : 4 }
}
