import Glibc
import IPVS
import IPVSNode
import Netlink

/// Stands in for `/proc/sys`. Unlike the settings of a node in memory, its files can have any text, and it knows the order of
/// writes.
final class FakeFiles: SysctlFiles, @unchecked Sendable {
    // Unchecked: tests are single-threaded.
    let namespace: NetworkNamespace?
    var values: [String: String]
    var refusals: [String: Int32] = [:]
    var writes: [String] = []

    init(_ values: [String: String], namespace: NetworkNamespace? = nil) {
        self.values = values
        self.namespace = namespace
    }

    func read(_ path: String) throws(SystemError) -> String {
        guard let value = values[path] else { throw SystemError(errno: ENOENT, call: .open) }
        return value
    }

    func write(_ text: String, to path: String) throws(SystemError) {
        if let errno = refusals[path] { throw SystemError(errno: errno, call: .open) }
        writes.append("\(path)=\(text)")
        values[path] = text
    }
}
