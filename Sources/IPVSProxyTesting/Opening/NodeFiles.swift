import IPVS
import IPVSNode
import Netlink

/// The files of a node's kernel settings.
struct NodeFiles: SysctlFiles {
    let node: InMemoryNode

    var namespace: NetworkNamespace? { nil }

    func read(_ path: String) throws(SystemError) -> String {
        let name = Self.name(path)
        guard let value = node.state.withLock({ $0.contents.sysctls[name] }) else {
            throw SystemError(errno: ENOENT, call: .open)
        }
        return String(value)
    }

    func write(_ text: String, to path: String) throws(SystemError) {
        let name = Self.name(path)
        let errno: Int32 = node.state.withLock { state in
            if state.contents.sysctls[name] == nil { return ENOENT }
            if let errno = state.contents.sysctlErrors[name] { return errno }
            guard let value = Int(text) else { return EINVAL }
            state.contents.sysctls[name] = value
            return 0
        }
        if errno != 0 { throw SystemError(errno: errno, call: .open) }
    }

    /// The name of the setting in a file.
    private static func name(_ path: String) -> String {
        String(path.dropFirst("/proc/sys/".count).map { $0 == "/" ? "." : $0 })
    }
}
