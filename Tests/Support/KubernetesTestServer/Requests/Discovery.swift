internal import NIOHTTP1

/// What the server says of itself and of its resources.
enum Discovery {
    static func answer(to request: APIRequest) throws -> HTTPAnswer {
        guard request.verb == "get" else { throw APIStatus.methodNotAllowed }
        switch request.path {
        case "/healthz", "/readyz", "/livez": return HTTPAnswer(text: "ok")
        case "/version": return HTTPAnswer(json: version)
        case "/api":
            return HTTPAnswer(json: ["kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []])
        case "/apis":
            return HTTPAnswer(json: ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map(group))])
        default:
            if let group = groups.first(where: { "/apis/\($0)" == request.path }) {
                var answer = self.group(group)
                answer["kind"] = "APIGroup"
                answer["apiVersion"] = "v1"
                return HTTPAnswer(json: answer)
            }
            if request.path == "/api/v1" { return HTTPAnswer(json: resources(of: "")) }
            if let group = groups.first(where: { "/apis/\($0)/v1" == request.path }) {
                return HTTPAnswer(json: resources(of: group))
            }
            return HTTPAnswer(status: .notFound, text: "404 page not found\n")
        }
    }

    private static let groups = Set(KubernetesTestServer.Resource.all.map(\.group)).subtracting([""]).sorted()

    private static let version: JSON = [
        "major": "1", "minor": "33", "gitVersion": "v1.33.0", "gitCommit": "0", "gitTreeState": "clean",
        "buildDate": "2025-04-23T13:00:00Z", "goVersion": "go1.24.2", "compiler": "gc", "platform": "linux/amd64",
    ]

    private static func group(_ name: String) -> JSON {
        let version: JSON = ["groupVersion": "\(name)/v1", "version": "v1"]
        return ["name": "\(name)", "versions": [version], "preferredVersion": version]
    }

    private static func resources(of group: String) -> JSON {
        let resources: [JSON] = KubernetesTestServer.Resource.all.filter { $0.group == group }.map { resource in
            var entry: JSON = [
                "name": .string(resource.plural), "singularName": .string(resource.kind.lowercased()),
                "namespaced": .bool(resource.isNamespaced), "kind": .string(resource.kind),
                "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
            ]
            if !resource.shortNames.isEmpty { entry["shortNames"] = .array(resource.shortNames.map { .string($0) }) }
            return entry
        }
        let groupVersion = group.isEmpty ? "v1" : "\(group)/v1"
        return [
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(groupVersion),
            "resources": .array(resources),
        ]
    }
}
