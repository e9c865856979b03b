import FoundationEssentials

/// The address of an API server, as a URL with `https` or `http`.
public struct ServerURL: Hashable, Sendable {
    /// Whether the server is reached by TLS.
    public let isSecure: Bool

    /// A host name or an IP address, without brackets.
    public let host: String

    /// The TCP port.
    public let port: Int

    /// What precedes the paths of the API, such as `/clusters/a`; empty in most cases.
    public let path: String

    /// The address that a text has, such as `https://10.0.0.1:6443` or `https://[fd00::1]`.
    ///
    /// - Throws: ``ClientConfigurationError`` if it is not such a URL.
    public init(_ text: String) throws(ClientConfigurationError) {
        let url = try URLParts(text)
        guard ["https", "http"].contains(url.scheme) else { throw URLParts.wrongForm }
        guard url.user == nil, url.password == nil else {
            throw ClientConfigurationError("must be a URL without a user name and a password")
        }
        guard !url.hasQuery else { throw ClientConfigurationError("must be a URL without a query and a fragment") }
        isSecure = url.scheme == "https"
        host = url.host
        port = url.port ?? (isSecure ? 443 : 80)
        path = url.path
    }

    /// The host and the port, with brackets around an IPv6 address.
    package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension ServerURL: CustomStringConvertible {
    /// The address as a URL.
    public var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }
}

/// The parts of a URL with a host.
struct URLParts {
    let scheme: String
    let host: String
    let port: Int?
    let path: String
    let user: String?
    let password: String?
    let hasQuery: Bool

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    static let wrongForm = ClientConfigurationError("must be a URL with https or http, such as https://10.0.0.1:6443")

    init(_ text: String) throws(ClientConfigurationError) {
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), text.contains("://"),
            var host = url.host(percentEncoded: false), !host.isEmpty
        else { throw Self.wrongForm }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        // A host that was written with percent signs can have anything, even the ends of lines.
        let marks = text.contains("://[") || text.contains("@[") ? "-._:%" : "-._"
        guard host.unicodeScalars.allSatisfy({ Self.isAlphanumeric($0) || marks.unicodeScalars.contains($0) }) else {
            throw ClientConfigurationError("must be a URL with a host name or an IP address")
        }
        if let port = url.port, !(1...65535).contains(port) {
            throw ClientConfigurationError("must be a URL with a port from 1 to 65535")
        }
        self.scheme = scheme
        self.host = host
        port = url.port
        var path = url.path(percentEncoded: true)
        while path.hasSuffix("/") { path.removeLast() }
        self.path = path
        user = url.user(percentEncoded: false)
        password = url.password(percentEncoded: false)
        hasQuery = url.query() != nil || url.fragment() != nil
    }
}
