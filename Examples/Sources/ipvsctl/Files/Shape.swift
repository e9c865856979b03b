import IPVS
import Yams

/// The expected structure of a part of a file.
///
/// The library decodes the values themselves. The structure finds what decoding can't: unknown names, such as a
/// misspelled `wieght`, and the lines of several errors.
indirect enum Shape: Sendable {
    /// One line of text of a kind, which is named in error messages.
    case text(kind: String, isValid: @Sendable (String) -> Bool)
    /// A number from 0 to a maximum.
    case number(UInt32)
    case list(of: Shape)
    case object([Field])
    /// A string of a kind, or an object instead of it.
    case textOrObject(kind: String, isValid: @Sendable (String) -> Bool, [Field])
    /// A value that is checked elsewhere.
    case anything

    struct Field: Sendable {
        let name: String
        let shape: Shape
        var isRequired = false
    }
}

extension Shape {
    /// A table, without the contents of its services.
    static let table = Shape.object([Field(name: "services", shape: .list(of: .anything), isRequired: true)])

    /// A virtual server, without the contents of its real servers.
    static let service = Shape.object([
        Field(name: "id", shape: .identity, isRequired: true),
        Field(name: "scheduler", shape: .name),
        Field(name: "flags", shape: .list(of: .flag)),
        Field(name: "persistence", shape: .persistence),
        Field(name: "persistenceEngine", shape: .name),
        Field(name: "realServers", shape: .list(of: .anything)),
    ])

    static let realServer = Shape.object([
        Field(name: "endpoint", shape: .endpoint, isRequired: true),
        Field(name: "forwarding", shape: .forwarding, isRequired: true),
        Field(name: "weight", shape: .number(.max)),
        Field(name: "upperThreshold", shape: .number(.max)),
        Field(name: "lowerThreshold", shape: .number(.max)),
    ])

    private static let persistence = Shape.object([
        Field(name: "timeout", shape: .number(.max)), Field(name: "mask", shape: .mask),
    ])

    private static let forwarding = Shape.textOrObject(
        kind: "a forwarding method: masquerade, direct-routing, tunnel, local, bypass or a number",
        isValid: { decodes(ForwardingMethod.self, Node($0)) },
        [Field(name: "tunnel", shape: .tunnel, isRequired: true)]
    )

    private static let tunnel = Shape.object([
        Field(name: "kind", shape: .kind, isRequired: true),
        Field(name: "port", shape: .number(UInt32(UInt16.max))),
        Field(name: "checksum", shape: .checksum),
    ])

    private static let flag = Shape.text(kind: "a flag, such as ops, sh-port or mh-fallback") {
        decodes(VirtualServer.Flags.self, Node([Node($0)]))
    }

    private static let name = Shape.text(kind: "a name") { _ in true }

    private static let identity = Shape.text(
        kind: "a virtual server, such as TCP 10.96.0.1:80, UDP [fd00::1]:53 or FWM 7"
    ) {
        VirtualServer.Identity($0) != nil
    }

    private static let endpoint = Shape.text(kind: "an address and port, such as 10.244.1.5:8080 or [fd00::1]:443") {
        Endpoint($0) != nil
    }

    // Masks that group nothing mean no mask.
    private static let mask = Shape.text(kind: "a netmask, such as 255.255.255.0, or a prefix length, such as 64") {
        Persistence.Mask($0) != nil || ["255.255.255.255", "128"].contains($0)
    }

    private static let kind = Shape.text(kind: "a kind of tunnel: ipip, gue or gre") { Tunnel.Kind($0) != nil }

    private static let checksum = Shape.text(kind: "a checksum: none, full or remote") { Tunnel.Checksum($0) != nil }

    /// Whether a node is what the library takes for a type that has no way from text but decoding.
    private static func decodes<Value: Decodable>(_ type: Value.Type, _ node: Node) -> Bool {
        // The message for a value that can't be decoded comes from the shape.
        (try? YAMLDecoder().decode(type, from: node)) != nil
    }
}
