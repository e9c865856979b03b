import VisibleText

/// Why a network namespace could not be entered.
public struct NamespaceObstacle {
    /// The kinds of reasons.
    public enum Kind { case notFound, notPermitted, other }

    /// The kind of reason.
    public let kind: Kind

    /// The reason as the second half of a sentence.
    public let reason: String

    /// Interprets the error of a system call for the namespace at a path.
    public init(_ path: String, _ error: SystemError) {
        let path = path.visible(upTo: 300)
        let place = "network namespace \(path)"
        (kind, reason) =
            switch (error.call, error.errno) {
            case (.openNamespace, ENOENT) where path.hasPrefix("/proc/") && ProcessFiles.areMissing:
                (.other, "\(ProcessFiles.absence), where \(place) would be")
            case (.openNamespace, ENOENT), (.openNamespace, ENOTDIR), (.openNamespace, ESRCH):
                (.notFound, "no \(place)")
            case (.enterNamespace, EINVAL): (.notFound, "\(path) is not a network namespace")
            case (_, EPERM), (_, EACCES):
                (.notPermitted, "not permitted to enter \(place); this requires CAP_SYS_ADMIN, which root has")
            default: (.other, "\(place): \(unsafe String(cString: strerror(error.errno)))")
            }
    }
}
