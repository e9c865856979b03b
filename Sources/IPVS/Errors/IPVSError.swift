import Netlink

/// What went wrong, and with what.
///
/// Switch over ``code``; show ``description``, which is a sentence that an operator can act on:
/// `can't add real server 10.244.1.5:80 to TCP 10.96.0.1:80: no such virtual server`.
public struct IPVSError: Error, Hashable, Sendable {
    /// The kind of error. New ones may be added, so a switch needs a default.
    public let code: Code

    /// What was asked for.
    public let operation: Operation

    /// The error number of the kernel or the C library; nil for an error that was found without them.
    public let errno: Int32?

    /// What the kernel said of it in its own words (an extended acknowledgement), which it seldom does.
    public let kernelMessage: String?

    /// Which value was refused before anything was sent, as a path of the model's coding keys.
    public let field: FieldPath?

    /// What is wrong, where the code and the operation do not say it.
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
    /// A kind of error. It is decided by the error number together with the command, as the kernel has one number for
    /// several things.
    public struct Code: Hashable, Sendable {
        enum Kind: String {
            case virtualServerExists, virtualServerNotFound, realServerExists, realServerNotFound, schedulerNotFound
            case invalidValue, addressFamilyNotSupported
            case interfaceNotFound, syncDaemonRunning, syncDaemonNotRunning
            case permissionDenied, ipvsUnavailable, namespaceNotFound
            case handleClosed, answerLost, malformedReply, tableChanging, system
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

        /// A value is out of its range or does not go with another: refused before anything was sent, which
        /// ``IPVSError/field`` tells, or by the kernel (`EINVAL`, `ERANGE`).
        public static let invalidValue = Code(.invalidValue)

        /// This kernel's IPVS does not have the address family, which is IPv6 (`EAFNOSUPPORT`).
        public static let addressFamilyNotSupported = Code(.addressFamilyNotSupported)

        /// There is no such network interface (`ENODEV`).
        public static let interfaceNotFound = Code(.interfaceNotFound)

        /// A sync daemon of this role runs already (`EEXIST`).
        public static let syncDaemonRunning = Code(.syncDaemonRunning)

        /// No sync daemon of this role runs (`ESRCH`).
        public static let syncDaemonNotRunning = Code(.syncDaemonNotRunning)

        /// The process lacks `CAP_NET_ADMIN` (`EPERM`).
        public static let permissionDenied = Code(.permissionDenied)

        /// This kernel has no IPVS, and could not load it.
        public static let ipvsUnavailable = Code(.ipvsUnavailable)

        /// There is no such network namespace.
        public static let namespaceNotFound = Code(.namespaceNotFound)

        /// The handle was closed before.
        public static let handleClosed = Code(.handleClosed)

        /// The kernel's answer did not arrive. Whether a change took effect is unknown: list and see.
        public static let answerLost = Code(.answerLost)

        /// The kernel's reply can't be understood.
        public static let malformedReply = Code(.malformedReply)

        /// The table was changed by others each time it was read.
        public static let tableChanging = Code(.tableChanging)

        /// Another error of the kernel or the C library, which ``IPVSError/errno`` tells.
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

    /// Why it could not be done: the second half of the sentence, for programs that word the first half themselves.
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
        case .permissionDenied: "not permitted; it takes CAP_NET_ADMIN in the initial user namespace, as root has it"
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
        case .system: systemReason
        }
    }

    private var missingModule: String {
        guard let server = operation.request?.configuredVirtualServer else { return "no such scheduler" }
        let scheduler = "this kernel has no scheduler \"\(server.scheduler)\" (module ip_vs_\(server.scheduler))"
        guard let engine = server.persistenceEngine else { return scheduler }
        return "\(scheduler), or no persistence engine \"\(engine)\" (module ip_vs_pe_\(engine))"
    }

    /// What the kernel refuses with `EINVAL`, which does not tell which value it is.
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

    /// What of a real server some kernels refuse, or any kernel in some state.
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
