import IPVS

extension PacketRules.Key: CustomStringConvertible {
    /// The name of the set or map, and the key: `cluster-ips TCP 10.96.0.1:80`.
    public var description: String {
        switch self {
        case .clusterIP(let destination): "cluster-ips \(destination)"
        case .external(let destination): "external \(destination)"
        case .local(let destination): "local \(destination)"
        case .redirect(let destination): "redirects \(destination)"
        case .unserved(let destination): "unserved \(destination)"
        case .refused(let destination): "refused \(destination)"
        case .restricted(let destination): "restricted \(destination)"
        case .address(let address): "addresses \(address)"
        case .hairpin(let address): "hairpins \(address)"
        case .healthCheckPort(let port): "health-check-ports \(port)"
        }
    }
}

extension PacketRules.Destination: CustomStringConvertible {
    /// The destination as text: `TCP 10.96.0.1:80`.
    public var description: String { "\(transport) \(endpoint)" }
}

extension PacketRules.Element: CustomStringConvertible {
    /// The key, and the value of a map's element: `redirects TCP 203.0.113.1:80 to 10.96.0.1:80`.
    public var description: String {
        switch value {
        case .none: "\(key)"
        case .endpoint(let endpoint): "\(key) to \(endpoint)"
        case .sourceRanges(let name): "\(key) to the source ranges of \(name)"
        }
    }
}

extension PacketRules.Difference: CustomStringConvertible {
    /// The changes like a diff, in order: the fixed part, source ranges and elements.
    public var description: String {
        var lines: [String] = []
        if isFromScratch || options != nil { lines.append("+ packet rules \(isFromScratch ? "from scratch" : "anew")") }
        lines += removedRanges.map { "- source ranges of \($0)" }
        lines += writtenRanges.sorted { $0.key < $1.key }.map { name, blocks in
            "+ source ranges of \(name): \(blocks.map(\.description).joined(separator: ", "))"
        }
        lines += removed.map { "- rule \($0)" }.sorted() + added.map { "+ rule \($0)" }.sorted()
        return lines.joined(separator: "\n")
    }
}
