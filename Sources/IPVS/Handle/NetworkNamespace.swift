/// A network namespace, identified by a file that refers to it.
public struct NetworkNamespace: Hashable, Sendable {
    /// The file, such as `/run/netns/blue` or `/proc/4711/ns/net`.
    public let path: String

    private init(path: String) { self.path = path }

    /// The namespace that a file refers to, such as one created by `ip netns add` or by a container runtime.
    public static func path(_ path: String) -> NetworkNamespace { NetworkNamespace(path: path) }

    /// The namespace of a process.
    public static func process(_ pid: Int32) -> NetworkNamespace { NetworkNamespace(path: "/proc/\(pid)/ns/net") }

    /// The namespace with a name that `ip netns` manages.
    public static func named(_ name: String) -> NetworkNamespace { NetworkNamespace(path: "/run/netns/\(name)") }
}
