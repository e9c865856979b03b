public import Foundation
internal import NIOConcurrencyHelpers
internal import NIOSSL

// Who may do what.
extension KubernetesTestServer {
    /// The users of all tokens that the server accepts. Set it anew to rotate them; there is `admin-token` of `admin` at first.
    public var tokens: [String: String] {
        get { core.access.withLockedValue(\.tokens) }
        set { core.access.withLockedValue { $0.tokens = newValue } }
    }

    /// Forbids a user something with a resource, or allows it again.
    ///
    /// - Parameters:
    ///   - user: The user.
    ///   - verb: What, as in roles: `list`, `watch`, `get`, `create` and so on.
    ///   - resource: The resource.
    ///   - isDenied: False to allow it again.
    public func deny(_ user: String, _ verb: String, _ resource: Resource, _ isDenied: Bool = true) {
        let denial = Access.Denial(user: user, verb: verb, resource: resource)
        core.access.withLockedValue { access in
            if isDenied { access.denials.insert(denial) } else { access.denials.remove(denial) }
        }
    }

    /// Makes a certificate for a client, with which the server knows it as a user.
    ///
    /// - Returns: The certificate and its key, as PEM.
    public func clientCertificate(for user: String) throws -> (certificate: String, key: String) {
        let identity = try CertificateAuthority.shared.get().client(user: user)
        let certificate = try NIOSSLCertificate(bytes: Array(identity.certificate.utf8), format: .pem)
        let bytes = try certificate.toDERBytes()
        core.access.withLockedValue { $0.certificates[bytes] = user }
        return (identity.certificate, identity.key)
    }

    /// How a kubeconfig proves who the user is.
    public enum Credentials: Hashable, Sendable {
        /// By a token, which the server must know; see ``KubernetesTestServer/tokens``.
        case token(String)

        /// By a certificate.
        case certificate
    }

    /// A kubeconfig for this server, as text.
    public func kubeconfig(
        user: String = "admin",
        credentials: Credentials = .token("admin-token")
    ) throws -> String {
        let proof: JSON =
            switch credentials {
            case .token(let token): ["token": .string(token)]
            case .certificate:
                try {
                    let (certificate, key) = try clientCertificate(for: user)
                    return [
                        "client-certificate-data": .string(Self.base64(certificate)),
                        "client-key-data": .string(Self.base64(key)),
                    ]
                }()
            }
        // JSON is YAML too.
        let config: JSON = [
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [
                [
                    "name": "test",
                    "cluster": ["server": .string(url), "certificate-authority-data": .string(Self.base64(try caPEM))],
                ]
            ],
            "users": [["name": .string(user), "user": proof]],
            "contexts": [["name": "test", "context": ["cluster": "test", "user": .string(user)]]],
        ]
        return config.text + "\n"
    }

    /// Writes a kubeconfig for this server to a file.
    public func writeKubeconfig(
        to file: URL,
        user: String = "admin",
        credentials: Credentials = .token("admin-token")
    ) throws {
        try kubeconfig(user: user, credentials: credentials).write(to: file, atomically: true, encoding: .utf8)
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
