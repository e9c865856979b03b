public import IPVS

extension InMemoryNode {
    /// A request about interfaces and addresses that a node has received, by rtnetlink.
    ///
    /// Interfaces have their names, as the node knows them at that moment; one that is not there any more is its number after a
    /// `#`.
    public enum Request: Hashable, Sendable {
        /// Asks for the interface with a name.
        case readInterface(String)

        /// Asks for all interfaces, or for those of a kind.
        case listInterfaces

        /// Adds an interface.
        case addInterface(String)

        /// Sets the alias of an interface.
        case setAlias(String, of: String)

        /// Sets an interface up or down.
        case setUp(Bool, String)

        /// Removes an interface.
        case removeInterface(String)

        /// Asks for the addresses of an interface, or of all of them if it is nil.
        case listAddresses(of: String?)

        /// Adds an address to an interface.
        case addAddress(IPAddress, to: String)

        /// Removes an address from an interface.
        case removeAddress(IPAddress, from: String)

        /// Asks for the routes to addresses of a family.
        case listRoutes(to: IPAddress.Family)

        /// Adds a route to an address of the node itself over an interface.
        case addRoute(to: IPAddress, over: String)

        /// Removes a route to an address over an interface.
        case removeRoute(to: IPAddress, over: String)

        /// A request that this package does not send: its type.
        case other(UInt16)
    }
}

extension InMemoryNode.Request {
    /// Whether the request can change what the node has, as all do except those that ask for something.
    public var isChange: Bool {
        switch self {
        case .readInterface, .listInterfaces, .listAddresses, .listRoutes: false
        case .addInterface, .setAlias, .setUp, .removeInterface, .addAddress, .removeAddress, .addRoute, .removeRoute,
            .other:
            true
        }
    }
}
