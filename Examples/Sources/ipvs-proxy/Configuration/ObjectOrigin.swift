/// Where services and endpoints come from.
enum ObjectOrigin: Hashable, Sendable {
    /// Files, and folders of files.
    case manifests([String])

    /// An API server, by a kubeconfig, by its URL, which is that of the kubeconfig otherwise, or, without both, by what a pod
    /// knows of its cluster.
    case server(kubeconfig: String?, master: String?)
}
