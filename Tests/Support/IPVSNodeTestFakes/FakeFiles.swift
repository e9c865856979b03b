import Glibc
package import IPVS
import IPVSNode
package import Netlink

/// Stands in for `/proc/sys`.
package final class FakeFiles: SysctlFiles, @unchecked Sendable {
    // Unchecked: tests are single-threaded.
    package let namespace: NetworkNamespace?
    package var values: [String: String]
    package var refusals: [String: Int32] = [:]
    package var writes: [String] = []

    package init(_ values: [String: String], namespace: NetworkNamespace? = nil) {
        self.values = values
        self.namespace = namespace
    }

    package func read(_ path: String) throws(SystemError) -> String {
        guard let value = values[path] else { throw SystemError(errno: ENOENT, call: .open) }
        return value
    }

    package func write(_ text: String, to path: String) throws(SystemError) {
        if let errno = refusals[path] { throw SystemError(errno: errno, call: .open) }
        writes.append("\(path)=\(text)")
        values[path] = text
    }
}
