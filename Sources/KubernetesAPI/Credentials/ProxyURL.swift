/// The address of a proxy through which an API server is reached.
public struct ProxyURL: Hashable, Sendable {
    /// A kind of proxies.
    public enum Kind: Hashable, Sendable {
        /// An HTTP proxy that forwards connections.
        case http

        /// A SOCKS proxy of version 5.
        case socks5
    }

    /// What kind of proxy it is.
    public let kind: Kind

    /// A host name or an IP address, without brackets.
    public let host: String

    /// The TCP port.
    public let port: Int

    /// The user name for an HTTP proxy; nil for none.
    public let username: String?

    /// The password for an HTTP proxy; nil for none.
    public let password: Secret?

    /// The address that a text has, such as `http://10.0.0.1:3128` or `socks5://localhost:1080`.
    ///
    /// - Throws: ``ClientConfigurationError`` if it is not such a URL, or says what is not supported: a connection to the proxy
    ///   by TLS, and a user name for a SOCKS proxy.
    public init(_ text: String) throws(ClientConfigurationError) {
        guard let url = try? URLParts(text) else { throw Self.wrongForm }
        switch url.scheme {
        case "http": kind = .http
        case "socks5": kind = .socks5
        case "https":
            throw ClientConfigurationError("a proxy that is itself reached by TLS is not supported; use http or socks5")
        default: throw Self.wrongForm
        }
        if kind == .socks5, url.user != nil || url.password != nil {
            throw ClientConfigurationError("a user name for a SOCKS proxy is not supported")
        }
        host = url.host
        port = url.port ?? (kind == .http ? 80 : 1080)
        username = url.user
        password = url.password.map { Secret($0) }
    }

    private static var wrongForm: ClientConfigurationError {
        ClientConfigurationError("must be a URL with http or socks5, such as http://10.0.0.1:3128")
    }
}

extension ProxyURL: CustomStringConvertible {
    /// The address as a URL, without the user name and the password.
    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(kind == .http ? "http" : "socks5")://\(name):\(port)"
    }
}
