import IPVS
import Netlink
import VisibleText

/// An error while reading or writing a sysctl. Its ``description`` is a sentence:
/// `can't write net.ipv4.ip_forward: Read-only file system`.
public struct SysctlError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the sysctl.
    public let name: String

    /// The error number of the C library, or nil if the value is not a number.
    public let errno: Int32?

    /// The error as a sentence: what could not be done, and why.
    public let description: String

    /// Whether the kernel doesn't have the sysctl, because it is older or a module is not loaded.
    public var isMissing: Bool { cause == .missing }

    private enum Cause { case missing, other }
    private let cause: Cause

    init(_ verb: String, _ name: String, in namespace: NetworkNamespace?, _ error: SystemError) {
        self.name = name
        errno = error.errno
        // Distinguishes a missing namespace from a missing file.
        if let namespace, [.openNamespace, .enterNamespace].contains(error.call) {
            cause = .other
            description = "can't \(verb) \(name): \(NamespaceObstacle(namespace.path, error).reason)"
            return
        }
        let isWithoutProcessFiles = error.errno == ENOENT && ProcessFiles.areMissing
        cause = [ENOENT, ENOTDIR].contains(error.errno) && !isWithoutProcessFiles ? .missing : .other
        let reason =
            switch error.errno {
            case ENOENT where isWithoutProcessFiles: ProcessFiles.absence
            case ENOENT, ENOTDIR: "this kernel has no such setting, or its module is not loaded"
            case EPERM, EACCES: "not permitted; this requires root, and CAP_NET_ADMIN in the network namespace"
            default: unsafe String(cString: strerror(error.errno))
            }
        description = "can't \(verb) \(name): \(reason)"
    }

    init(notANumber text: String, _ name: String) {
        (self.name, errno, cause) = (name, nil, .other)
        description = "can't read \(name): \(text.quoted) is not a number"
    }
}
