import Foundation

/// A network interface as `ip -json` describes it, in its own words.
public struct SeenInterface: Decodable {
    /// The `linkinfo` of an interface.
    public struct Information: Decodable {
        /// The kind of the interface, such as `dummy`.
        public let kind: String?

        private enum CodingKeys: String, CodingKey { case kind = "info_kind" }
    }

    /// An address of an interface.
    public struct Address: Decodable, Hashable {
        /// `inet` or `inet6`.
        public var family: String

        /// The address.
        public var local: String

        /// The length of its prefix.
        public var prefixlen: Int

        /// Where it is valid, such as `global`.
        public var scope: String

        /// True if duplicate address detection is off.
        public var nodad: Bool?

        /// True if it was added without a route to its prefix.
        public var noprefixroute: Bool?

        /// Creates an address as it is expected in `ip`'s output.
        public init(
            family: String,
            local: String,
            prefixlen: Int,
            scope: String,
            nodad: Bool? = nil,
            noprefixroute: Bool? = nil
        ) {
            self.family = family
            self.local = local
            self.prefixlen = prefixlen
            self.scope = scope
            self.nodad = nodad
            self.noprefixroute = noprefixroute
        }
    }

    /// The flags of the interface, such as `UP`.
    public let flags: [String]

    /// The details of its kind.
    public let linkinfo: Information?

    /// All addresses of the interface.
    public let addresses: [Address]

    private enum CodingKeys: String, CodingKey {
        case flags, linkinfo
        case addresses = "addr_info"
    }
}

extension TestNamespace {
    /// Returns `ip`'s output for an interface, which must exist.
    public func interface(_ name: String) throws -> SeenInterface {
        let text = try run("ip", "-json", "-details", "addr", "show", "dev", name)
        // It writes {} for an interface that is filtered out.
        guard let seen = try JSONDecoder().decode([SeenInterface].self, from: Data(text.utf8)).first else {
            throw TestFailure("ip shows no interface \(name)")
        }
        return seen
    }

    /// Whether there is an interface with a name.
    public func hasInterface(_ name: String) throws -> Bool {
        try TestProcess.run(["nsenter", "--net=\(path)", "ip", "link", "show", "dev", name]).status == 0
    }
}
