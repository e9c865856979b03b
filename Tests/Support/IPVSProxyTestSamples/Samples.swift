package import IPVS
package import IPVSProxy

// Shorthands for the objects that the tests need.

package let web = NamespacedName("default", "web")
package let webHTTP = ServicePortName(web, port: "http")

package func address(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { preconditionFailure("\(text) is not an address") }
    return address
}

package func block(_ text: String) -> IPAddress.Block {
    guard let block = IPAddress.Block(text) else { preconditionFailure("\(text) is not a block") }
    return block
}

/// The identity with a text form.
package func id(_ text: String) -> VirtualServer.Identity {
    guard let id = VirtualServer.Identity(text) else { preconditionFailure("\(text) is not an identity") }
    return id
}

extension ServiceEndpoint {
    /// The endpoint with a text form.
    package init(
        _ text: String,
        isLocal: Bool = false,
        isReady: Bool = true,
        isServing: Bool? = nil,
        isTerminating: Bool = false,
        hints: Hints = []
    ) {
        guard let endpoint = Endpoint(text) else { preconditionFailure("\(text) is not an endpoint") }
        self.init(
            endpoint,
            isLocal: isLocal,
            isReady: isReady,
            isServing: isServing,
            isTerminating: isTerminating,
            hints: hints
        )
    }
}

extension DesiredState {
    /// The state of one service with one port, named `http`, and one slice.
    package init(_ port: ServicePort, _ endpoints: [ServiceEndpoint] = [], node: NodeFacts = NodeFacts()) {
        self.init(node: node)
        update(ServiceDefinition(web, ports: ["http": port]))
        update(EndpointSlice(NamespacedName("default", "web-1"), of: web, endpoints: ["http": endpoints]))
        _ = commit()
    }

    /// The real servers of a virtual server, as texts.
    package func realServers(of text: String) -> [String]? {
        table[id(text)]?.realServers.map(\.endpoint.description)
    }
}
