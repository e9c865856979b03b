public import IPVS

extension InMemoryNode {
    /// A network interface.
    public struct Interface: Hashable, Sendable {
        /// The kind of virtual interface, as `ip -details link` shows it: `dummy` or `bridge`, for example; nil for hardware and
        /// for `lo`.
        public var kind: String?

        /// The alias, in which a proxier records what is its own; empty for none.
        public var alias: String

        /// Whether the interface is up.
        public var isUp: Bool

        /// The addresses.
        public var addresses: [InterfaceAddress]

        /// The addresses to which an `AddressBinder` has added routes over the interface.
        public var routedAddresses: Set<IPAddress>

        /// Creates an interface.
        ///
        /// - Parameters:
        ///   - kind: The kind of virtual interface; nil for hardware.
        ///   - alias: The alias; empty for none.
        ///   - isUp: Whether the interface is up.
        ///   - addresses: The addresses.
        ///   - routedAddresses: The addresses to which an `AddressBinder` has added routes.
        public init(
            kind: String? = nil,
            alias: String = "",
            isUp: Bool = true,
            addresses: [InterfaceAddress] = [],
            routedAddresses: Set<IPAddress> = []
        ) {
            self.kind = kind
            self.alias = alias
            self.isUp = isUp
            self.addresses = addresses
            self.routedAddresses = routedAddresses
        }

        /// Creates a dummy interface with single addresses, such as another proxier, or kube-proxy, may have left.
        ///
        /// - Parameters:
        ///   - addresses: The addresses.
        ///   - alias: The alias; empty for none.
        /// - Returns: The interface, which is down.
        public static func dummy(_ addresses: [IPAddress] = [], alias: String = "") -> Interface {
            Interface(kind: "dummy", alias: alias, isUp: false, addresses: addresses.map { InterfaceAddress($0) })
        }

        /// The addresses at which the node accepts packets by an `AddressBinder`, by either method: those of single hosts, and
        /// those of routes.
        public var boundAddresses: Set<IPAddress> {
            routedAddresses.union(addresses.lazy.filter(\.isSingle).map(\.address))
        }
    }

    /// An address of an interface.
    public struct InterfaceAddress: Hashable, Sendable {
        /// The address.
        public var address: IPAddress

        /// The number of leading bits that the interface's network has in common.
        public var prefixLength: UInt8

        /// Creates an address.
        ///
        /// - Parameters:
        ///   - address: The address.
        ///   - prefixLength: The number of leading bits that its network has in common; nil for a single address, which is a
        ///     network of its own.
        public init(_ address: IPAddress, prefixLength: UInt8? = nil) {
            self.address = address
            self.prefixLength = prefixLength ?? address.family.addressLength
        }

        /// Whether it is a network of its own.
        var isSingle: Bool { prefixLength == address.family.addressLength }
    }
}

extension InMemoryNode.Interface {
    /// The interfaces of a new node.
    static let initial: [String: Self] = {
        func address(_ bytes: [UInt8], _ prefixLength: UInt8) -> [InMemoryNode.InterfaceAddress] {
            IPAddress(bytes: bytes).map { [InMemoryNode.InterfaceAddress($0, prefixLength: prefixLength)] } ?? []
        }
        let zeros = [UInt8](repeating: 0, count: 11)
        return [
            "lo": Self(addresses: address([127, 0, 0, 1], 8) + address([0, 0, 0, 0] + zeros + [1], 128)),
            "eth0": Self(
                addresses: address([192, 0, 2, 10], 24) + address([0x20, 0x01, 0x0d, 0xb8] + zeros + [0x10], 64)
            ),
        ]
    }()
}

extension IPAddress.Family {
    /// The number of bits of an address.
    var addressLength: UInt8 { self == .ipv4 ? 32 : 128 }
}
