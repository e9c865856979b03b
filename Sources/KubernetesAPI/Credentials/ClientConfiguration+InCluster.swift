import FoundationEssentials

extension ClientConfiguration {
    /// The configuration of a program that runs in a pod: the cluster's own server, and the pod's service account.
    ///
    /// The token and the certificate authority are read again when they change.
    ///
    /// - Parameters:
    ///   - environment: The environment variables, of which `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` count, and
    ///     `HTTPS_PROXY` and `NO_PROXY`; nil for those of the program.
    ///   - directory: Where the files `token` and `ca.crt` of the service account are.
    /// - Returns: The configuration.
    /// - Throws: ``ClientConfigurationError`` if the program does not run in a pod, or the pod has no service account.
    public static func inCluster(
        environment: [String: String]? = nil,
        directory: String = "/var/run/secrets/kubernetes.io/serviceaccount"
    ) throws(ClientConfigurationError) -> ClientConfiguration {
        let environment = environment ?? ProcessInfo.processInfo.environment
        let host = environment["KUBERNETES_SERVICE_HOST"] ?? ""
        let port = environment["KUBERNETES_SERVICE_PORT"] ?? ""
        for (name, value) in [("HOST", host), ("PORT", port)] where value.isEmpty {
            throw ClientConfigurationError(
                "KUBERNETES_SERVICE_\(name) is not set, so this is not a pod of a cluster; use a kubeconfig"
            )
        }
        let server: ServerURL
        do {
            server = try ServerURL("https://\(host.contains(":") ? "[\(host)]" : host):\(port)")
        } catch {
            throw ClientConfigurationError(
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, \(host.visible) and \(port.visible), are not the host and "
                    + "port of a server"
            )
        }
        let token = "\(directory)/token"
        let authority = "\(directory)/ca.crt"
        for path in [token, authority] {
            do {
                _ = try CredentialFile.read(path)
            } catch {
                throw ClientConfigurationError(
                    "\(error); the pod needs a service account, and automountServiceAccountToken"
                )
            }
        }
        var configuration = ClientConfiguration(server: server)
        configuration.certificateAuthority = .file(authority)
        configuration.authenticator = .tokenFile(token)
        configuration.proxy = try .environment(environment, for: server)
        return configuration
    }
}
