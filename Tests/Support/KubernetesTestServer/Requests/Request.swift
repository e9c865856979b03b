internal import Foundation
internal import NIOCore
internal import NIOHTTP1

typealias APIRequest = KubernetesTestServer.Request

extension KubernetesTestServer {
    /// A request that the server received.
    public struct Request: Sendable {
        /// The HTTP method.
        public let method: String

        /// The path, without the query.
        public let path: String

        /// The parameters of the query.
        public let query: [String: String]

        /// The header fields, by their names in small letters.
        public let headers: [String: String]

        /// The body as text.
        public let body: String

        /// The user whom the token or certificate belongs to; nil if it belongs to nobody.
        public internal(set) var user: String?

        /// What the path names; nil if it names no resource.
        let target: Target?

        /// The objects that the path names.
        struct Target: Sendable {
            var resource: Resource
            var namespace: String?
            var name: String?
            var subresource: String?
        }
    }
}

extension KubernetesTestServer.Request {
    /// The resource; nil if the path names none.
    public var resource: KubernetesTestServer.Resource? { target?.resource }

    /// The namespace; nil for all namespaces, and for objects that are in none.
    public var namespace: String? { target?.namespace }

    /// The name of the object; nil for a list, a watch and a creation.
    public var name: String? { target?.name }

    /// What is asked for, as in roles: `get`, `list`, `watch`, `create`, `update`, `patch` or `delete`.
    public var verb: String {
        switch method {
        case "GET", "HEAD":
            guard let target, target.name == nil else { return "get" }
            return isSet("watch") ? "watch" : "list"
        case "POST": return "create"
        case "PUT": return "update"
        case "PATCH": return "patch"
        case "DELETE": return target?.name == nil ? "deletecollection" : "delete"
        default: return method.lowercased()
        }
    }

    /// Whether a parameter of the query is there and is not false.
    func isSet(_ parameter: String) -> Bool { query[parameter].map { $0 != "false" && $0 != "0" } ?? false }

    init(_ head: HTTPRequestHead, body: ByteBuffer) {
        method = head.method.rawValue
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        var query: [String: String] = [:]
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let nameAndValue = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            query[Self.decoded(nameAndValue[0])] = nameAndValue.count > 1 ? Self.decoded(nameAndValue[1]) : ""
        }
        self.query = query
        headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" }
        self.body = String(buffer: body)
        target = Target(path: path)
    }

    private static func decoded(_ text: Substring) -> String {
        let spaced = text.replacing("+", with: " ")
        return String(spaced).removingPercentEncoding ?? String(spaced)
    }
}

extension KubernetesTestServer.Request.Target {
    /// What a path names: `/api/v1/nodes/NAME`, or `/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/SUBRESOURCE`.
    init?(path: String) {
        var rest = path.split(separator: "/").map(String.init)[...]
        let group: String
        switch rest.popFirst() {
        case "api": group = ""
        case "apis":
            guard let name = rest.popFirst() else { return nil }
            group = name
        default: return nil
        }
        guard let version = rest.popFirst() else { return nil }
        if rest.first == "namespaces", rest.count >= 3 {
            namespace = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
        }
        guard let plural = rest.popFirst(),
            let resource = KubernetesTestServer.Resource.all.first(where: {
                ($0.group, $0.version, $0.plural) == (group, version, plural)
            }),
            namespace == nil || resource.isNamespaced
        else { return nil }
        self.resource = resource
        name = rest.popFirst()
        subresource = rest.popFirst()
        // Only lists, watches and deletions go over all namespaces.
        guard rest.isEmpty, name == nil || !resource.isNamespaced || namespace != nil else { return nil }
    }
}
