import Glibc

// How the failure of a request becomes the error that the caller sees.

extension IPVSError {
    /// A value that was refused before anything was sent.
    init(_ request: Request, _ invalid: InvalidValue) {
        self.init(.invalidValue, request, field: invalid.field, detail: "\(invalid.field) \(invalid.reason)")
    }

    init(_ request: Request, _ failure: Connection.Failure) {
        switch failure {
        case .closed:
            self.init(.handleClosed, request)
        case .system(let error):
            let code: Code = error.errno == EPERM || error.errno == EACCES ? .permissionDenied : .system
            self.init(code, request, errno: error.errno)
        case .kernel(let answer):
            let code = Code(errno: answer.errno, of: request)
            self.init(code, request, errno: answer.errno, kernelMessage: answer.message)
        case .unavailable(let answer):
            self.init(.ipvsUnavailable, request, errno: answer.errno, kernelMessage: answer.message)
        case .malformed(let reply):
            self.init(.malformedReply, request, detail: "the kernel's reply can't be understood: \(reply)")
        case .answerLost, .truncated:
            self.init(.answerLost, request)
        case .interrupted:
            self.init(.tableChanging, request)
        }
    }

    /// A list of connections that could not be opened or read.
    init(listingConnections error: SystemError) {
        let operation = Operation(.listConnections)
        switch (error.call, error.errno) {
        // What was open when the module was unloaded can't be read any more.
        case ("open", ENOENT), ("read", EIO):
            self.init(.ipvsUnavailable, operation, errno: error.errno)
        case (_, EPERM), (_, EACCES):
            let detail = "not permitted to enter its network namespace; it takes CAP_SYS_ADMIN, as root has it"
            self.init(.permissionDenied, operation, errno: error.errno, detail: detail)
        case ("stat", _):
            self.init(.system, operation, errno: error.errno, detail: "no file system of processes is at /proc")
        default:
            self.init(.system, operation, errno: error.errno)
        }
    }

    /// A list of connections that can't be understood.
    init(malformedConnections problem: String) {
        let detail = "the kernel's list can't be understood: \(problem)"
        self.init(.malformedReply, Operation(.listConnections), detail: detail)
    }

    /// A socket that could not be opened, in a namespace or in the caller's.
    init(opening namespace: NetworkNamespace?, _ error: SystemError) {
        guard let namespace else {
            self.init(.resolveFamily, .system(error))
            return
        }
        let obstacle = NamespaceObstacle(namespace, error)
        let code: Code =
            switch obstacle.kind {
            case .notFound: .namespaceNotFound
            case .notPermitted: .permissionDenied
            case .other: .system
            }
        self.init(code, .resolveFamily, errno: error.errno, detail: obstacle.reason)
    }
}

extension IPVSError.Code {
    /// The code for an error number, which means another thing for another command.
    init(errno: Int32, of request: Request) {
        self =
            switch (errno, request) {
            case (EPERM, _), (EACCES, _): .permissionDenied
            case (EEXIST, .addService): .serviceExists
            case (EEXIST, .addDestination): .realServerExists
            case (EEXIST, .startDaemon): .syncDaemonRunning
            case (ENOENT, .addService), (ENOENT, .updateService): .schedulerNotFound
            case (ENOENT, .updateDestination), (ENOENT, .deleteDestination): .realServerNotFound
            case (ESRCH, .stopDaemon): .syncDaemonNotRunning
            case (ESRCH, _) where request.isAboutService: .serviceNotFound
            case (ENODEV, .startDaemon): .interfaceNotFound
            case (EAFNOSUPPORT, _): .addressFamilyNotSupported
            case (EINVAL, _), (ERANGE, _): .invalidValue
            default: .system
            }
    }
}

extension Request {
    /// The virtual server that is added or updated.
    var configuredService: VirtualServer? {
        switch self {
        case .addService(let server), .updateService(let server): server
        default: nil
        }
    }

    fileprivate var isAboutService: Bool { IPVSError.Operation(self).virtualServer != nil }
}
