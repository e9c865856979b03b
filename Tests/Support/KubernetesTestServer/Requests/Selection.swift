/// Which objects of a resource a list or a watch has.
struct Selection: Sendable {
    let resource: KubernetesTestServer.Resource
    let namespace: String?
    private let labels: LabelSelector
    private let names: [(isEqual: Bool, value: String)]
    private let namespaces: [(isEqual: Bool, value: String)]
    private let nodes: [(isEqual: Bool, value: String)]

    /// Whether there are selectors, so that a server doesn't say how many objects remain.
    let hasSelectors: Bool

    /// Reads the selectors of a request.
    ///
    /// - Throws: ``APIStatus`` if one can't be read.
    init(of request: APIRequest, _ target: APIRequest.Target) throws {
        let resource = target.resource
        self.resource = resource
        namespace = target.namespace
        labels = try LabelSelector(request.query["labelSelector"] ?? "")
        var names: [(Bool, String)] = []
        var namespaces: [(Bool, String)] = []
        var nodes: [(Bool, String)] = []
        for term in (request.query["fieldSelector"] ?? "").split(separator: ",") {
            let isEqual = !term.contains("!=")
            let parts = term.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw APIStatus.badRequest("invalid selector: '\(term)'; can't understand '\(term)'")
            }
            let field = isEqual ? parts[0] : parts[0].dropLast()
            // Both `=` and `==` are allowed.
            let value = String(parts[1].hasPrefix("=") ? parts[1].dropFirst() : parts[1])
            switch field {
            case "metadata.name": names.append((isEqual, value))
            case "metadata.namespace": namespaces.append((isEqual, value))
            case "spec.nodeName" where resource == .pods: nodes.append((isEqual, value))
            // Only `kubectl describe` uses these, for events, and the events of all objects do no harm.
            case _ where field.hasPrefix("involvedObject.") && resource == .coreEvents: break
            default:
                throw APIStatus.badRequest(
                    "\"\(field)\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                )
            }
        }
        self.names = names
        self.namespaces = namespaces
        self.nodes = nodes
        hasSelectors = !labels.isEmpty || !names.isEmpty || !namespaces.isEmpty || !nodes.isEmpty
    }

    func includes(_ object: StoredObject) -> Bool {
        guard object.resource == resource, namespace == nil || namespace == object.key.namespace else { return false }
        return names.allSatisfy { ($0.value == object.key.name) == $0.isEqual }
            && namespaces.allSatisfy { ($0.value == object.key.namespace) == $0.isEqual }
            && labels.matches(object.labels)
            && nodes.allSatisfy { ($0.value == object.json["spec"]?["nodeName"]?.string) == $0.isEqual }
    }
}
