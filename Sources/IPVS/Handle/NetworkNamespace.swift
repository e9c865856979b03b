/// A network namespace, by a file that stands for it.
public struct NetworkNamespace: Hashable, Sendable {
    /// The file, such as `/run/netns/blue` or `/proc/4711/ns/net`.
    public let path: String

    private init(path: String) { self.path = path }

    /// The namespace that a file stands for, such as one that `ip netns add` or a container runtime made.
    public static func path(_ path: String) -> NetworkNamespace { NetworkNamespace(path: path) }

    /// The namespace that a process is in.
    public static func process(_ pid: Int32) -> NetworkNamespace { NetworkNamespace(path: "/proc/\(pid)/ns/net") }

    /// The namespace that `ip netns` calls by a name.
    public static func named(_ name: String) -> NetworkNamespace { NetworkNamespace(path: "/run/netns/\(name)") }
}
