import Glibc

/// Why a network namespace could not be entered.
package struct NamespaceObstacle {
    package enum Kind { case notFound, notPermitted, other }

    package let kind: Kind

    /// The second half of a sentence.
    package let reason: String

    package init(_ namespace: NetworkNamespace, _ error: SystemError) {
        let place = "network namespace \(namespace.path)"
        (kind, reason) =
            switch (error.call, error.errno) {
            case ("open", ENOENT), ("open", ENOTDIR), ("open", ESRCH): (.notFound, "no \(place)")
            case ("setns", EINVAL): (.notFound, "\(namespace.path) is not a network namespace")
            case (_, EPERM), (_, EACCES):
                (.notPermitted, "not permitted to enter \(place); it takes CAP_SYS_ADMIN, as root has it")
            default: (.other, "\(place): \(unsafe String(cString: strerror(error.errno)))")
            }
    }
}
