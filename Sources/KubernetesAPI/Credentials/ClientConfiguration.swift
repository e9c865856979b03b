/// Where an API server is, how it is trusted, and who its client is.
///
/// A program in a cluster takes ``inCluster(environment:directory:)``, others ``Kubeconfig``.
public struct ClientConfiguration: Hashable, Sendable {
    /// The server.
    public var server: ServerURL

    /// The certificate authorities that are trusted; nil for those of the system.
    public var certificateAuthority: Credential?

    /// Which name the server's certificate must have; nil for the host of ``server``.
    public var tlsServerName: String?

    /// Whether any certificate of the server is accepted, so that anyone on the way can pose as the server.
    public var isInsecure = false

    /// The client's certificate; nil for none.
    public var clientCertificate: ClientCertificate?

    /// The proxy through which the server is reached; nil for none.
    public var proxy: ProxyURL?

    /// How the client says who it is, besides its certificate.
    public var authenticator = Authenticator.none

    /// As whom the client acts; nil for itself.
    public var impersonation: Impersonation?

    /// A configuration for a server, without credentials.
    public init(server: ServerURL) { self.server = server }
}

extension ClientConfiguration {
    /// A client's certificate and its key.
    public struct ClientCertificate: Hashable, Sendable {
        /// The certificate, and then those of intermediate authorities.
        public var certificate: Credential

        /// The private key.
        public var key: Credential

        /// A certificate and its key.
        public init(certificate: Credential, key: Credential) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// How a client says who it is.
    public enum Authenticator: Hashable, Sendable {
        /// Not at all, or by its certificate alone.
        case none

        /// By a bearer token.
        case token(Secret)

        /// By the bearer token that a file has. The file is read again once a minute, and if the server refuses the token.
        ///
        /// - Parameters:
        ///   - path: The path of the file.
        ///   - fallback: The token as long as the file can't be read; nil for none.
        case tokenFile(String, fallback: Secret? = nil)

        /// By a user name and a password.
        case basic(username: String, password: Secret)

        /// By what a program prints: a token, or a certificate and its key.
        case exec(ExecPlugin)
    }

    /// As whom a client acts.
    public struct Impersonation: Hashable, Sendable {
        /// The user.
        public var user: String

        /// The user's ID; empty for none.
        public var uid: String

        /// The groups.
        public var groups: [String]

        /// More about the user, by key.
        public var extra: [String: [String]]

        /// A user with groups.
        public init(user: String, uid: String = "", groups: [String] = [], extra: [String: [String]] = [:]) {
            self.user = user
            self.uid = uid
            self.groups = groups
            self.extra = extra
        }
    }
}
