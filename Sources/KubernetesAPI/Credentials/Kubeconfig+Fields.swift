import FoundationEssentials

extension YAMLField {
    /// The configuration of a client for a cluster, without a user.
    func clusterConfiguration(server: ServerURL?) throws(ClientConfigurationError) -> ClientConfiguration {
        let server = if let server { server } else { try clusterServer() }
        var configuration = ClientConfiguration(server: server)
        configuration.certificateAuthority = try credential("certificate-authority")
        configuration.tlsServerName = try text("tls-server-name")
        configuration.isInsecure = try flag("insecure-skip-tls-verify")
        if configuration.isInsecure, configuration.certificateAuthority != nil {
            throw error("has both a certificate authority and insecure-skip-tls-verify; leave out one of them")
        }
        if let field = try field("proxy-url"), case let text = try field.string(), !text.isEmpty {
            do { configuration.proxy = try ProxyURL(text) } catch { throw field.error(error.message) }
        }
        return configuration
    }

    private func clusterServer() throws(ClientConfigurationError) -> ServerURL {
        guard let field = try field("server"), case let text = try field.string(), !text.isEmpty else {
            throw error("has no server")
        }
        do { return try ServerURL(text) } catch { throw field.error(error.message) }
    }

    /// Adds a user to the configuration for a cluster.
    func addUser(to configuration: inout ClientConfiguration, cluster: YAMLField) throws(ClientConfigurationError) {
        configuration.clientCertificate = try clientCertificate()
        configuration.authenticator = try authenticator(configuration, cluster)
        configuration.impersonation = try impersonation()
    }

    private func clientCertificate() throws(ClientConfigurationError) -> ClientConfiguration.ClientCertificate? {
        guard let certificate = try credential("client-certificate") else { return nil }
        guard let key = try credential("client-key") else {
            throw error("has a client-certificate without a client-key")
        }
        return .init(certificate: certificate, key: key)
    }

    private func authenticator(
        _ configuration: ClientConfiguration,
        _ cluster: YAMLField
    ) throws(ClientConfigurationError) -> ClientConfiguration.Authenticator {
        if let field = try field("auth-provider") {
            throw field.error("is no longer supported by Kubernetes; use exec, a token or a certificate")
        }
        let token = try text("token").map { Secret($0) }
        let tokenFile = try path("tokenFile")
        let username = try text("username")
        let password = try text("password")
        if token != nil || tokenFile != nil, username != nil || password != nil {
            throw error("has both a token and a username or password; leave out one of them")
        }
        let exec = try field("exec").map { field throws(ClientConfigurationError) in
            try field.execPlugin(configuration, cluster)
        }
        // As with kubectl, a program is not started if there is something else.
        if let tokenFile { return .tokenFile(tokenFile, fallback: token) }
        if let token { return .token(token) }
        if username != nil || password != nil {
            return .basic(username: username ?? "", password: Secret(password ?? ""))
        }
        return exec.map { .exec($0) } ?? .none
    }

    private func impersonation() throws(ClientConfigurationError) -> ClientConfiguration.Impersonation? {
        let uid = try text("as-uid") ?? ""
        let groups = try texts("as-groups")
        var extra: [String: [String]] = [:]
        for (key, _) in try field("as-user-extra")?.entries() ?? [] {
            extra[key] = try field("as-user-extra")?.texts(key)
        }
        guard let user = try text("as") else {
            guard uid.isEmpty, groups.isEmpty, extra.isEmpty else {
                throw error("has as-uid, as-groups or as-user-extra without as")
            }
            return nil
        }
        return .init(user: user, uid: uid, groups: groups, extra: extra)
    }

    /// A field with the path of a file or a field of the same name with data.
    private func credential(_ name: String) throws(ClientConfigurationError) -> Credential? {
        let dataName = "\(name)-data"
        if let field = try field(dataName), case let text = try field.string(), !text.isEmpty {
            guard try self.text(name) == nil else {
                throw error("has both \(name) and \(dataName); leave out one of them")
            }
            guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters), !data.isEmpty else {
                throw field.error("must be in base64")
            }
            return .data([UInt8](data), origin: field.place)
        }
        guard let field = try field(name), let path = try path(name) else { return nil }
        do { _ = try CredentialFile.read(path) } catch { throw field.error(error.message) }
        return .file(path, origin: field.place)
    }

    /// The path of a file that a field has, as seen from the directory of the kubeconfig.
    private func path(_ name: String) throws(ClientConfigurationError) -> String? {
        try text(name).map { resolved($0) }
    }

    /// A path as seen from the directory of the kubeconfig.
    func resolved(_ path: String) -> String {
        guard !path.hasPrefix("/"), let end = file.lastIndex(of: "/") else { return path }
        return file[...end] + path
    }
}
