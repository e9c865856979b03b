package import Netlink

// Conversion of failures to errors.

extension IPVSError {
    /// A value that was rejected before anything was sent.
    init(_ request: Request, _ invalid: InvalidValue) {
        self.init(
            .invalidValue,
            Operation(request),
            field: invalid.field.path,
            detail: "\(invalid.field.name) \(invalid.reason)"
        )
    }

    /// A request that failed.
    init(_ request: Request, _ failure: NetlinkConnection.Failure) { self.init(Operation(request), failure) }

    /// A list of connections that could not be opened or read.
    init(listingConnections error: SystemError) {
        let operation = Operation.listConnections
        switch (error.call, error.errno) {
        // A file that was open when the module was unloaded can't be read any more.
        case (.open, ENOENT), (.read, EIO):
            self.init(.ipvsUnavailable, operation, errno: error.errno)
        case (_, EPERM), (_, EACCES):
            let detail = "not permitted to enter its network namespace; this requires CAP_SYS_ADMIN, which root has"
            self.init(.permissionDenied, operation, errno: error.errno, detail: detail)
        case (.status, _):
            self.init(.system, operation, errno: error.errno, detail: ProcessFiles.absence)
        default:
            self.init(.system, operation, errno: error.errno)
        }
    }

    /// A lock that could not be taken.
    init(locking error: SystemError) {
        switch (error.call, error.errno) {
        case (.ioctl, EBADF): self.init(.handleClosed, .lockTable)
        case (_, EPERM), (_, EACCES): self.init(.permissionDenied, .lockTable, errno: error.errno)
        default: self.init(.system, .lockTable, errno: error.errno)
        }
    }

    /// A list of connections that can't be understood.
    init(malformedConnections problem: String) {
        let detail = "the kernel's list can't be understood: \(problem)"
        self.init(.malformedReply, .listConnections, detail: detail)
    }
}

extension IPVSError {
    /// Creates an error with the code ``Code/virtualServerNotFound``, for a program that requires a virtual server which
    /// ``Handle/virtualServer(_:)`` or ``Handle/entry(_:)`` did not find.
    public static func noVirtualServer(_ id: VirtualServer.Identity) -> IPVSError {
        IPVSError(.virtualServerNotFound, .readVirtualServer(id), errno: nil)
    }
}

extension IPVSError: OperationError {
    package init(_ code: Code, _ operation: Operation, errno: Int32?, kernelMessage: String?, detail: String?) {
        self.init(code, operation, errno: errno, kernelMessage: kernelMessage, field: nil, detail: detail)
    }

    package static let codes = CommonCodes<Code>(
        closed: .handleClosed,
        permissionDenied: .permissionDenied,
        namespaceNotFound: .namespaceNotFound,
        answerLost: .answerLost,
        malformedReply: .malformedReply,
        changing: .tableChanging,
        familyNotFound: .ipvsUnavailable,
        system: .system
    )

    package static func code(for errno: Int32, of operation: Operation) -> Code {
        Code(errno: errno, of: operation.request)
    }
}

extension IPVSError.Code {
    /// The code for an error number, which means different things for different commands.
    init(errno: Int32, of request: Request?) {
        self =
            switch (errno, request) {
            case (EPERM, _), (EACCES, _): .permissionDenied
            case (EEXIST, .addVirtualServer): .virtualServerExists
            case (EEXIST, .addRealServer): .realServerExists
            case (EEXIST, .startDaemon): .syncDaemonRunning
            case (ENOENT, .addVirtualServer), (ENOENT, .updateVirtualServer): .schedulerNotFound
            case (ENOENT, .updateRealServer), (ENOENT, .deleteRealServer): .realServerNotFound
            case (ESRCH, .stopDaemon): .syncDaemonNotRunning
            case (ESRCH, let request?) where request.isAboutVirtualServer: .virtualServerNotFound
            case (ENODEV, .startDaemon): .interfaceNotFound
            case (EAFNOSUPPORT, _): .addressFamilyNotSupported
            case (EINVAL, _), (ERANGE, _): .invalidValue
            default: .system
            }
    }
}

extension Request {
    /// The virtual server that is added or updated.
    var configuredVirtualServer: VirtualServer? {
        switch self {
        case .addVirtualServer(let server), .updateVirtualServer(let server): server
        default: nil
        }
    }

    fileprivate var isAboutVirtualServer: Bool { IPVSError.Operation(self).virtualServer != nil }
}
