import IPVS
import IPVSNode

extension Error {
    /// Whether the error of a sync is one that trying again can't help, as somebody has to change the configuration, the
    /// privileges or the node first. This is the only place that decides it.
    ///
    /// - A process that lacks a privilege, or has lost it, does not get it back.
    /// - An interface that is not a dummy, or that somebody else uses, has to be renamed or removed by somebody. So it is with an
    ///   interface whose mark is another proxier's.
    /// - A namespace that is gone does not return: its name may, but that is another namespace, and the proxier's sockets
    ///   belong to the old one.
    ///
    /// Everything else may change by itself: the kernel runs out of memory, a module is loaded later, others change the same
    /// table, addresses or interface at the same time.
    var isPermanent: Bool {
        switch self {
        case let error as IPVSError: [.permissionDenied, .namespaceNotFound].contains(error.code)
        case let error as AddressError:
            [.permissionDenied, .namespaceNotFound, .notADummy, .notOwned].contains(error.code)
        default: false
        }
    }
}
