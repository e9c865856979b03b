import AsyncHTTPClient
import NIOHTTP1

/// A request to an API server, with what messages say of it.
struct APIRequest: Sendable {
    let method: HTTPMethod
    let path: String
    var query: [(name: String, value: String)] = []
    var body: [UInt8]?
    var contentType = "application/json"

    /// The verb as in roles, such as `list`; empty if no role is about the request.
    let verb: String

    /// What is asked for; nil for what is not a resource.
    let resource: Resource?

    /// What is done to what: `list endpointslices.discovery.k8s.io`.
    let action: String

    /// Whether the answer is a stream without an end.
    var isWatch = false

    /// The path and the query, after the path of the server.
    var target: String {
        let query = query.map { "\($0.percentEncoded)=\($1.percentEncoded)" }.joined(separator: "&")
        return query.isEmpty ? path : "\(path)?\(query)"
    }
}

extension APIRequest {
    /// A request about a resource.
    init(
        _ verb: String,
        _ method: HTTPMethod,
        _ resource: Resource,
        namespace: String? = nil,
        name: String? = nil
    ) {
        self.method = method
        path = resource.path(namespace: namespace?.percentEncoded, name: name?.percentEncoded)
        self.verb = verb
        self.resource = resource
        let object = name.map { " \(namespace.map { "\($0)/" } ?? "")\($0)" } ?? ""
        action = "\(verb) \(resource)\(object.visible)"
    }

    init<Object: KubernetesObject>(list type: Object.Type, _ options: ListOptions) {
        self.init("list", .GET, Object.resource, namespace: options.namespace)
        select(options.labelSelector, options.fieldSelector)
        if let limit = options.limit { query.append(("limit", "\(limit)")) }
        if let token = options.continueToken, !token.isEmpty {
            // The token has the version, and a server refuses both.
            query.append(("continue", token))
        } else if !options.resourceVersion.isEmpty {
            query.append(("resourceVersion", options.resourceVersion))
        }
    }

    init<Object: KubernetesObject>(watch type: Object.Type, _ options: WatchOptions) {
        self.init("watch", .GET, Object.resource, namespace: options.namespace)
        isWatch = true
        select(options.labelSelector, options.fieldSelector)
        query += [("watch", "true"), ("allowWatchBookmarks", "true")]
        if !options.resourceVersion.isEmpty { query.append(("resourceVersion", options.resourceVersion)) }
        if options.sendsInitialEvents {
            query += [("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan")]
        }
        if let timeout = options.timeout { query.append(("timeoutSeconds", "\(max(1, timeout.components.seconds))")) }
    }

    private mutating func select(_ labels: String, _ fields: String) {
        if !labels.isEmpty { query.append(("labelSelector", labels)) }
        if !fields.isEmpty { query.append(("fieldSelector", fields)) }
    }

    /// The request for a server.
    ///
    /// - Parameters:
    ///   - configuration: The configuration of the client.
    ///   - authorization: The header that says who the client is; nil for none.
    ///   - userAgent: The name of the program.
    /// - Returns: The request.
    func http(_ configuration: ClientConfiguration, authorization: String?, userAgent: String) -> HTTPClientRequest {
        let server = configuration.server
        // The name in the certificate is that of the URL, and the connection is made to the host: see `dnsOverride`.
        let name = configuration.isInsecure ? nil : configuration.tlsServerName
        let host = server.isSecure ? name ?? server.host : server.host
        let authority = host.contains(":") ? "[\(host)]:\(server.port)" : "\(host):\(server.port)"
        var request = HTTPClientRequest(
            url: "\(server.isSecure ? "https" : "http")://\(authority)\(server.path)\(target)"
        )
        request.method = method
        request.headers.add(name: "Host", value: server.authority)
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: userAgent)
        // A compressed watch would be limited as a whole, and its events would wait for each other.
        if !isWatch { request.headers.add(name: "Accept-Encoding", value: "gzip") }
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        if let impersonation = configuration.impersonation { request.headers.add(contentsOf: impersonation.headers) }
        if let body {
            request.headers.add(name: "Content-Type", value: contentType)
            request.body = .bytes(body)
        }
        return request
    }
}

extension ClientConfiguration.Impersonation {
    fileprivate var headers: HTTPHeaders {
        var headers = HTTPHeaders()
        headers.add(name: "Impersonate-User", value: user)
        if !uid.isEmpty { headers.add(name: "Impersonate-Uid", value: uid) }
        for group in groups { headers.add(name: "Impersonate-Group", value: group) }
        for (key, values) in extra.sorted(by: { $0.key < $1.key }) {
            for value in values { headers.add(name: "Impersonate-Extra-\(key.percentEncoded)", value: value) }
        }
        return headers
    }
}

extension String {
    /// The text for a URL, with escapes for all but unreserved characters.
    var percentEncoded: String {
        var text = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return text
    }
}
