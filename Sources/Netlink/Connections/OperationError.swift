/// What the errors of this package have in common: a code of which there can be more, the operation that failed, and a
/// sentence for people made of both.
///
/// `can't bind 10.96.0.1 to kube-ipvs0: not permitted; …`
package protocol OperationError: Error {
    associatedtype Code: Sendable
    associatedtype Operation: CustomStringConvertible

    init(_ code: Code, _ operation: Operation, errno: Int32?, kernelMessage: String?, detail: String?)

    /// What was asked for.
    var operation: Operation { get }

    /// The error number of the kernel or the C library, if it came from there.
    var errno: Int32? { get }

    /// The kernel's own words, if it had some.
    var kernelMessage: String? { get }

    /// What is wrong, where the code and the operation do not say it.
    var detail: String? { get }

    /// What is wrong, as the code and the operation have it.
    var usualReason: String { get }

    /// The codes of errors that any request can end with.
    static var codes: CommonCodes<Code> { get }

    /// The code for the kernel's error number, which means different things for different operations.
    static func code(for errno: Int32, of operation: Operation) -> Code
}

/// The codes of errors that any request over netlink can end with.
package struct CommonCodes<Code: Sendable>: Sendable {
    let closed, permissionDenied, namespaceNotFound, answerLost, malformedReply, changing, familyNotFound, system: Code

    /// - Parameters:
    ///   - closed: The socket was closed before.
    ///   - permissionDenied: The process lacks a privilege.
    ///   - namespaceNotFound: There is no such network namespace.
    ///   - answerLost: The kernel's answer did not arrive.
    ///   - malformedReply: The kernel's reply can't be read.
    ///   - changing: What was listed changed meanwhile.
    ///   - familyNotFound: The kernel does not have the generic netlink family.
    ///   - system: Any other error number.
    package init(
        closed: Code,
        permissionDenied: Code,
        namespaceNotFound: Code,
        answerLost: Code,
        malformedReply: Code,
        changing: Code,
        familyNotFound: Code,
        system: Code
    ) {
        self.closed = closed
        self.permissionDenied = permissionDenied
        self.namespaceNotFound = namespaceNotFound
        self.answerLost = answerLost
        self.malformedReply = malformedReply
        self.changing = changing
        self.familyNotFound = familyNotFound
        self.system = system
    }
}

extension OperationError {
    /// An error without an error number.
    package init(_ code: Code, _ operation: Operation, detail: String? = nil) {
        self.init(code, operation, errno: nil, kernelMessage: nil, detail: detail)
    }

    /// A request that failed.
    package init(_ operation: Operation, _ failure: NetlinkConnection.Failure) {
        let codes = Self.codes
        switch failure {
        case .closed: self.init(codes.closed, operation)
        case .system(let error): self.init(operation, error)
        case .kernel(let answer):
            self.init(Self.code(for: answer.errno, of: operation), operation, answer)
        case .familyNotFound(let answer): self.init(codes.familyNotFound, operation, answer)
        case .malformed(let reply):
            self.init(codes.malformedReply, operation, detail: "the kernel's reply can't be understood: \(reply)")
        case .answerLost, .truncated: self.init(codes.answerLost, operation)
        case .interrupted: self.init(codes.changing, operation)
        }
    }

    private init(_ code: Code, _ operation: Operation, _ answer: KernelAnswer) {
        self.init(code, operation, errno: answer.errno, kernelMessage: answer.message, detail: nil)
    }

    private init(_ operation: Operation, _ error: SystemError) {
        let isDenied = error.errno == EPERM || error.errno == EACCES
        let code = isDenied ? Self.codes.permissionDenied : Self.codes.system
        self.init(code, operation, errno: error.errno, kernelMessage: nil, detail: nil)
    }

    /// A socket that could not be opened, in the network namespace that a path refers to or in the caller's.
    package init(_ operation: Operation, opening path: String?, _ error: SystemError) {
        guard let path else {
            self.init(operation, error)
            return
        }
        let obstacle = NamespaceObstacle(path, error)
        let code =
            switch obstacle.kind {
            case .notFound: Self.codes.namespaceNotFound
            case .notPermitted: Self.codes.permissionDenied
            case .other: Self.codes.system
            }
        self.init(code, operation, errno: error.errno, kernelMessage: nil, detail: obstacle.reason)
    }

    /// The error as a sentence: what could not be done, and why.
    package var sentence: String {
        let text = "can't \(operation): \(detail ?? usualReason)"
        return kernelMessage.map { "\(text) (the kernel says: \($0))" } ?? text
    }

    /// The C library's words for the error number.
    package var systemReason: String { errno.map { unsafe String(cString: strerror($0)) } ?? "unknown error" }
}
