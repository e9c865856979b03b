import Netlink
import VisibleText

/// An error of a request to the kernel's IPVS.
///
/// Decide by ``code``, and show people ``description``, a sentence that an operator can act on:
/// `can't add real server 10.244.1.5:80 to TCP 10.96.0.1:80: no such virtual server`.
public struct IPVSError: Error, Hashable, Sendable {
    /// The kind of error. More may be added, so a switch needs a default case.
    public let code: Code

    /// What was requested.
    public let operation: Operation

    /// The error number of the kernel or the C library; nil for errors that this library detects itself.
    public let errno: Int32?

    /// The kernel's own message (an extended acknowledgement), if it sent one, which is rare.
    public let kernelMessage: String?

    /// The value that was rejected before anything was sent, as a path of the model's coding keys; nil for other errors.
    public let field: FieldPath?

    /// The reason, if the code and the operation don't determine it.
    package let detail: String?

    init(
        _ code: Code,
        _ operation: Operation,
        errno: Int32? = nil,
        kernelMessage: String? = nil,
        field: FieldPath? = nil,
        detail: String? = nil
    ) {
        self.code = code
        self.operation = operation
        self.errno = errno
        self.kernelMessage = kernelMessage
        self.field = field
        self.detail = detail
    }

    init(_ code: Code, _ request: Request, errno: Int32? = nil) {
        self.init(code, Operation(request), errno: errno)
    }
}

extension IPVSError {
    /// A kind of error. It follows from the error number and the command, as the kernel uses one number for several
    /// conditions.
    public struct Code: Hashable, Sendable {
        enum Kind: String {
            case virtualServerExists, virtualServerNotFound, realServerExists, realServerNotFound, schedulerNotFound
            case invalidValue, addressFamilyNotSupported
            case interfaceNotFound, syncDaemonRunning, syncDaemonNotRunning
            case permissionDenied, ipvsUnavailable, namespaceNotFound
            case handleClosed, answerLost, malformedReply, tableChanging, tableLocked, system
        }

        let kind: Kind

        private init(_ kind: Kind) { self.kind = kind }

        /// The virtual server exists already (`EEXIST`).
        public static let virtualServerExists = Code(.virtualServerExists)

        /// There is no such virtual server (`ESRCH`).
        public static let virtualServerNotFound = Code(.virtualServerNotFound)

        /// The virtual server has this real server already (`EEXIST`).
        public static let realServerExists = Code(.realServerExists)

        /// The virtual server has no such real server (`ENOENT`).
        public static let realServerNotFound = Code(.realServerNotFound)

        /// This kernel has no such scheduler, or no such persistence engine (`ENOENT`).
        public static let schedulerNotFound = Code(.schedulerNotFound)

        /// A value is out of range, or invalid in combination with another. It was rejected before anything was sent, and
        /// ``IPVSError/field`` names it; or the kernel rejected it (`EINVAL`, `ERANGE`).
        public static let invalidValue = Code(.invalidValue)

        /// This kernel's IPVS does not support the address family, IPv6 (`EAFNOSUPPORT`).
        public static let addressFamilyNotSupported = Code(.addressFamilyNotSupported)

        /// There is no such network interface (`ENODEV`).
        public static let interfaceNotFound = Code(.interfaceNotFound)

        /// A sync daemon with this role is running already (`EEXIST`).
        public static let syncDaemonRunning = Code(.syncDaemonRunning)

        /// No sync daemon with this role is running (`ESRCH`).
        public static let syncDaemonNotRunning = Code(.syncDaemonNotRunning)

        /// The process lacks `CAP_NET_ADMIN`, or `CAP_SYS_ADMIN` for another network namespace (`EPERM`, `EACCES`).
        public static let permissionDenied = Code(.permissionDenied)

        /// This kernel has no IPVS, and could not load its module.
        public static let ipvsUnavailable = Code(.ipvsUnavailable)

        /// There is no such network namespace.
        public static let namespaceNotFound = Code(.namespaceNotFound)

        /// The handle is closed.
        public static let handleClosed = Code(.handleClosed)

        /// The kernel's answer did not arrive. Whether a change took effect is unknown: read the table to find out.
        public static let answerLost = Code(.answerLost)

        /// The kernel's reply can't be decoded.
        public static let malformedReply = Code(.malformedReply)

        /// A consistent table or list could not be read within five attempts, as other programs changed it meanwhile; or the
        /// kernel reported twice that a single dump was interrupted.
        public static let tableChanging = Code(.tableChanging)

        /// Another process holds the lock on the table.
        public static let tableLocked = Code(.tableLocked)

        /// Another error of the kernel or the C library; see ``IPVSError/errno``.
        public static let system = Code(.system)
    }
}

extension IPVSError.Code: CustomStringConvertible {
    /// The name of the code.
    public var description: String { kind.rawValue }
}

extension IPVSError: CustomStringConvertible {
    /// The error as a sentence: what could not be done, and why.
    public var description: String { sentence }

    /// The second half of ``description``, for programs that phrase the first half themselves.
    public var reason: String { detail ?? usualReason }

    package var usualReason: String {
        switch code.kind {
        case .virtualServerExists, .realServerExists: "it exists already"
        case .virtualServerNotFound: "no such virtual server"
        case .realServerNotFound: "no such real server"
        case .schedulerNotFound: missingModule
        case .invalidValue: refusal
        case .addressFamilyNotSupported: "this kernel's IPVS has no such address family; IPv6 is disabled"
        case .interfaceNotFound: "no such network interface"
        case .syncDaemonRunning: "it runs already"
        case .syncDaemonNotRunning: "it does not run"
        case .permissionDenied:
            "not permitted; this requires CAP_NET_ADMIN in the initial user namespace, which root has"
        case .ipvsUnavailable:
            "this kernel has no IPVS; load its module (modprobe ip_vs) or use a kernel that has it (CONFIG_IP_VS)"
        case .namespaceNotFound: "no such network namespace"
        case .handleClosed: "the handle is closed"
        case .answerLost:
            operation.request?.isRead ?? true
                ? "the kernel's answer was lost, twice"
                : "the kernel's answer was lost, so whether it took effect is unknown: list and see"
        case .malformedReply: "the kernel's reply can't be understood"
        case .tableChanging: "the table was changed by others each time it was read"
        case .tableLocked: "another process has the lock"
        case .system: systemReason
        }
    }

    private var missingModule: String {
        guard let server = operation.request?.configuredVirtualServer else { return "no such scheduler" }
        let scheduler =
            "this kernel has no scheduler \(server.scheduler.rawValue.quoted) (module ip_vs_\(server.scheduler.rawValue.visible(upTo: 60)))"
        guard let engine = server.persistenceEngine else { return scheduler }
        return
            "\(scheduler), or no persistence engine \(engine.rawValue.quoted) (module ip_vs_pe_\(engine.rawValue.visible(upTo: 60)))"
    }

    /// What the kernel may have rejected with `EINVAL`, which doesn't say which value it is.
    private var refusal: String {
        switch operation.request {
        case .addRealServer(let server, let id), .updateRealServer(let server, let id):
            "the kernel refuses \(suspects(of: server, in: id).joined(separator: ", or "))"
        case .startDaemon:
            "the kernel refuses its settings for this interface, or to synchronize a table in which a real server "
                + "is of another family than its virtual server"
        case .setTimeouts: "the kernel refuses a timeout that is too long for its clock"
        default: "the kernel refuses its values"
        }
    }

    /// What some kernels reject of a real server, or any kernel in some state.
    private func suspects(of server: RealServer, in id: VirtualServer.Identity) -> [String] {
        var suspects: [String] = []
        if server.upperThreshold > UInt32(Int32.max) { suspects.append("a threshold above \(Int32.max)") }
        if server.endpoint.address.family != id.family {
            suspects.append("a real server of another family than its virtual server's while a sync daemon runs")
        }
        suspects.append("an address that is not that of a host which this namespace could reach (is lo up?)")
        return suspects
    }
}
