/// Files that tell where clusters are, and who users are.
///
/// Unknown fields are ignored, as by `kubectl`. Relative paths in a file are relative to its directory.
public struct Kubeconfig: Sendable {
    /// The name of the context that is taken if none is named; empty if there is none.
    public let currentContext: String

    /// The names of the contexts, sorted.
    public var contexts: [String] { contextFields.keys.sorted() }

    private let paths: [String]
    private let contextFields: [String: YAMLField]
    private let clusters: [String: YAMLField]
    private let users: [String: YAMLField]

    /// Reads a file.
    ///
    /// - Parameter path: The path of the file.
    /// - Throws: ``ClientConfigurationError`` if the file can't be read, is not YAML, or a field has a wrong type.
    public init(path: String) throws(ClientConfigurationError) { try self.init(paths: [path]) }

    /// Reads files and merges them, as with the environment variable `KUBECONFIG`: a name that several files have means what the
    /// first of them says.
    ///
    /// - Parameter paths: The paths of the files. If there are several, files that do not exist are left out.
    /// - Throws: ``ClientConfigurationError`` if a file can't be read, is not YAML, or a field has a wrong type.
    public init(paths: [String]) throws(ClientConfigurationError) {
        var currentContext = ""
        var contexts: [String: YAMLField] = [:]
        var clusters: [String: YAMLField] = [:]
        var users: [String: YAMLField] = [:]
        for path in paths {
            if paths.count > 1, !CredentialFile.exists(path) { continue }
            let root = try Self.root(of: path)
            if currentContext.isEmpty { currentContext = try root.text("current-context") ?? "" }
            try Self.merge(root, "contexts", "context", into: &contexts)
            try Self.merge(root, "clusters", "cluster", into: &clusters)
            try Self.merge(root, "users", "user", into: &users)
        }
        self.paths = paths
        self.currentContext = currentContext
        contextFields = contexts
        self.clusters = clusters
        self.users = users
    }

    private static func root(of path: String) throws(ClientConfigurationError) -> YAMLField {
        let bytes = try CredentialFile.read(path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ClientConfigurationError("\(path): is not YAML: it is not UTF-8")
        }
        let root = try YAMLField(text, file: path)
        if case .null = root.value { throw ClientConfigurationError("\(path): is empty") }
        for (name, value) in [("apiVersion", "v1"), ("kind", "Config")] {
            guard let field = try root.field(name) else { continue }
            let text = try field.string()
            guard text.isEmpty || text == value else { throw field.error("must be \(value) in a kubeconfig") }
        }
        return root
    }

    /// Adds the entries of a list to those of earlier files.
    private static func merge(
        _ root: YAMLField,
        _ list: String,
        _ content: String,
        into fields: inout [String: YAMLField]
    ) throws(ClientConfigurationError) {
        var names: Set<String> = []
        for item in try root.list(list) {
            guard let name = try item.text("name") else { throw item.error("has no name") }
            guard names.insert(name).inserted else { throw item.error("has the same name as another: \(name.visible)") }
            if fields[name] == nil { fields[name] = try item.field(content) ?? item }
        }
    }
}

extension Kubeconfig {
    /// The configuration of a client for a context.
    ///
    /// - Parameters:
    ///   - name: The name of the context; nil for ``currentContext``.
    ///   - server: The server, instead of that of the context's cluster.
    ///   - environment: The environment variables, of which `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count if the cluster has no
    ///     `proxy-url`; nil for those of the program.
    /// - Returns: The configuration.
    /// - Throws: ``ClientConfigurationError`` if a context, cluster or user is missing, or has a field that contradicts another or
    ///   is not supported.
    public func configuration(
        context name: String? = nil,
        server: ServerURL? = nil,
        environment: [String: String]? = nil
    ) throws(ClientConfigurationError) -> ClientConfiguration {
        let files = paths.joined(separator: ":")
        let name = name ?? currentContext
        guard !name.isEmpty else {
            throw ClientConfigurationError("\(files): current-context: is missing; set it or name a context")
        }
        guard let context = contextFields[name] else {
            throw ClientConfigurationError("\(files): contexts: none has the name \(name.visible)")
        }
        let cluster = try Self.reference(context, "cluster", in: clusters)
        let user = try Self.reference(context, "user", in: users)
        var configuration = try cluster.clusterConfiguration(server: server)
        try user.addUser(to: &configuration, cluster: cluster)
        if configuration.proxy == nil {
            configuration.proxy = try .environment(environment, for: configuration.server)
        }
        return configuration
    }

    private static func reference(
        _ context: YAMLField,
        _ name: String,
        in fields: [String: YAMLField]
    ) throws(ClientConfigurationError) -> YAMLField {
        guard let field = try context.field(name), case let text = try field.string(), !text.isEmpty else {
            throw context.error("has no \(name)")
        }
        guard let value = fields[text] else { throw field.error("none of the \(name)s has the name \(text.visible)") }
        return value
    }
}

extension Kubeconfig: CustomStringConvertible, CustomReflectable {
    /// The paths of the files.
    public var description: String { paths.joined(separator: ":") }

    /// The names alone, since the rest has secrets.
    public var customMirror: Mirror {
        Mirror(self, children: ["paths": paths, "currentContext": currentContext, "contexts": contexts])
    }
}
