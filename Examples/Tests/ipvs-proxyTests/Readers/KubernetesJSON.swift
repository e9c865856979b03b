import Common
import Foundation
import Yams

@testable import ipvs_proxy

/// A service or an endpoint slice as an API server would send it.
struct KubernetesJSON {
    let kind: String
    let namespace: String
    let name: String

    /// The service that a slice names; empty for a service.
    let service: String
    let text: String

    /// The services and slices of a manifest, also in lists, each once. Empty if it is neither YAML nor JSON.
    static func objects(in manifest: String, isJSON: Bool) -> [KubernetesJSON] {
        var roots: [Place] = []
        do throws(FileError) {
            if isJSON {
                roots = [try JSONReader.read(manifest)]
            } else {
                try YAMLReader.read(manifest) { roots.append($0) }
            }
        } catch {
            return []
        }
        var seen: Set<String> = []
        return roots.flatMap { root in root["items"]?.elements ?? [root] }.compactMap(Self.init(_:))
            .filter { seen.insert("\($0.kind) \($0.namespace)/\($0.name)").inserted }
    }

    private static let versions = ["Service": "v1", "EndpointSlice": "discovery.k8s.io/v1"]

    private init?(_ place: Place) {
        guard let kind = place["kind"]?.scalarText, let version = Self.versions[kind],
            place["apiVersion"]?.scalarText == version, let metadata = place["metadata"],
            let name = metadata.filled("name")?.scalarText
        else { return nil }
        (self.kind, self.name) = (kind, name)
        namespace = metadata.filled("namespace")?.scalarText ?? "default"
        service = metadata["labels"]?["kubernetes.io/service-name"]?.scalarText ?? ""
        // An API server fills in the namespace.
        var node = place.node
        node["metadata"]?["namespace"] = .scalar(.init(namespace, .implicit, .doubleQuoted))
        text = Self.json(node)
    }

    private static func json(_ node: Node) -> String {
        switch node {
        case .mapping(let mapping):
            let fields = mapping.map { "\(quoted($0.key.string ?? "")): \(json($0.value))" }
            return "{\(fields.joined(separator: ", "))}"
        case .sequence(let sequence): return "[\(sequence.map(json).joined(separator: ", "))]"
        case .scalar(let scalar): return json(scalar)
        default: return "null"
        }
    }

    private static func json(_ scalar: Node.Scalar) -> String {
        let text = scalar.string
        guard scalar.style == .plain else { return quoted(text) }
        if scalar.isNull { return "null" }
        if ["true", "false"].contains(text.lowercased()) { return text.lowercased() }
        guard text.first.map({ $0.isNumber || "+-.".contains($0) }) == true, let number = Double(text), number.isFinite
        else { return quoted(text) }
        return Int(text).map(String.init) ?? "\(number)"
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\0"..<" ": "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
