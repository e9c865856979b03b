/// A program that prints credentials, as kubectl's plug-ins do.
///
/// Its arguments and environment variables may have secrets, so its description has neither.
public struct ExecPlugin: Hashable, Sendable {
    /// When a program can ask the user.
    public enum InteractiveMode: String, Hashable, Sendable {
        /// Never: its standard input is empty.
        case never = "Never"

        /// If the standard input is a terminal.
        case ifAvailable = "IfAvailable"

        /// Always: it is an error if the standard input is not a terminal.
        case always = "Always"
    }

    /// The version of `client.authentication.k8s.io` that it speaks: `v1` or `v1beta1`.
    public var version: String

    /// Its path, or its name in `PATH`.
    public var command: String

    /// Its arguments.
    public var arguments: [Secret]

    /// Environment variables that it gets besides those of this program.
    public var environment: [String: Secret]

    /// When it can ask the user.
    public var interactiveMode: InteractiveMode

    /// What it learns of the cluster; nil for nothing.
    public var clusterInfo: ClusterInfo?

    /// How to install it, for the message that it is missing.
    public var installHint: String

    /// After what time it is ended.
    public var timeLimit: Duration

    /// A program.
    public init(
        version: String = "v1",
        command: String,
        arguments: [Secret] = [],
        environment: [String: Secret] = [:],
        interactiveMode: InteractiveMode = .never,
        clusterInfo: ClusterInfo? = nil,
        installHint: String = "",
        timeLimit: Duration = .seconds(60)
    ) {
        self.version = version
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.interactiveMode = interactiveMode
        self.clusterInfo = clusterInfo
        self.installHint = installHint
        self.timeLimit = timeLimit
    }

    /// What a program learns of the cluster.
    public struct ClusterInfo: Hashable, Sendable {
        /// The server.
        public var server: ServerURL

        /// Which name the server's certificate must have; nil for the host of ``server``.
        public var tlsServerName: String?

        /// Whether any certificate of the server is accepted.
        public var isInsecure: Bool

        /// The certificate authorities; nil for those of the system.
        public var certificateAuthority: Credential?

        /// The proxy as it is in the kubeconfig; nil for none.
        public var proxy: Secret?

        /// What the cluster has for programs, as JSON; nil for nothing.
        public var extra: Secret?

        /// What is known of a server.
        public init(
            server: ServerURL,
            tlsServerName: String? = nil,
            isInsecure: Bool = false,
            certificateAuthority: Credential? = nil,
            proxy: Secret? = nil,
            extra: Secret? = nil
        ) {
            self.server = server
            self.tlsServerName = tlsServerName
            self.isInsecure = isInsecure
            self.certificateAuthority = certificateAuthority
            self.proxy = proxy
            self.extra = extra
        }
    }
}

extension ExecPlugin: CustomStringConvertible {
    /// The command alone.
    public var description: String { command }
}
