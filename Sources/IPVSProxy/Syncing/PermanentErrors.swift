import IPVS
import IPVSNode

extension Error {
    /// Whether a sync that failed with this error is not worth retrying: only an operator can remove the cause. This is the
    /// one place that decides it.
    ///
    /// - A process that lacks a privilege, or has lost it, doesn't get it back.
    /// - An interface that is not a dummy, that another program uses, or whose mark is another proxier's, stays as it is until
    ///   the operator renames or removes it, or chooses another one.
    /// - A kernel without what the packet rules need doesn't get it while it runs. If a module is installed later, the operator
    ///   starts the process again.
    /// - A network namespace that is gone doesn't return. Its name may, but for another namespace, to which the proxier's
    ///   sockets don't belong.
    ///
    /// Everything else can change on its own: the kernel runs out of memory for a moment, a module is loaded later, or other
    /// programs change the table, the addresses or the interface at the same time.
    var isPermanent: Bool {
        switch self {
        case let error as IPVSError: [.permissionDenied, .namespaceNotFound].contains(error.code)
        case let error as AddressError:
            [.permissionDenied, .namespaceNotFound, .notADummy, .notOwned, .inUse].contains(error.code)
        case let error as PacketFilterError:
            [.permissionDenied, .namespaceNotFound, .unavailable].contains(error.code)
        default: false
        }
    }
}
