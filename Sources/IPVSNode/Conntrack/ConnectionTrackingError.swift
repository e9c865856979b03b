package import IPVS
package import Netlink

/// An error about tracked connections.
///
/// Decide by ``code``. Show people the ``description``, which says what could not be done and why:
/// `can't list tracked connections: not permitted; this requires CAP_NET_ADMIN, which root has`.
public struct ConnectionTrackingError: Error, Hashable, Sendable {
    /// The kind of error. New codes may be added, so a `switch` needs a `default`.
    public let code: Code

    /// The error number of the kernel or the C library, or nil if the library found the error itself.
    public let errno: Int32?

    /// The text of an extended acknowledgement, if the kernel sent one.
    public let kernelMessage: String?

    package let operation: Operation

    /// What is wrong, where the code and the operation do not say it.
    package let detail: String?

    package init(
        _ code: Code,
        _ operation: Operation,
        errno: Int32? = nil,
        kernelMessage: String? = nil,
        detail: String? = nil
    ) {
        self.code = code
        self.operation = operation
        self.errno = errno
        self.kernelMessage = kernelMessage
        self.detail = detail
    }
}

extension ConnectionTrackingError {
    /// A kind of error.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        enum Kind: String {
            case connectionsChanging, permissionDenied, namespaceNotFound, closed, answerLost, malformedReply, system
        }

        let kind: Kind

        private init(_ kind: Kind) { self.kind = kind }

        /// The connections changed during each attempt to list them.
        public static let connectionsChanging = Code(.connectionsChanging)

        /// The process lacks `CAP_NET_ADMIN` (`EPERM`), or `CAP_SYS_ADMIN` to enter a network namespace.
        public static let permissionDenied = Code(.permissionDenied)

        /// There is no such network namespace.
        public static let namespaceNotFound = Code(.namespaceNotFound)

        /// The object was closed.
        public static let closed = Code(.closed)

        /// The kernel's answer did not arrive. An entry may or may not have been deleted.
        public static let answerLost = Code(.answerLost)

        /// The kernel's reply can't be decoded.
        public static let malformedReply = Code(.malformedReply)

        /// Another error of the kernel or the C library; see ``ConnectionTrackingError/errno``.
        public static let system = Code(.system)

        /// The name of the code.
        public var description: String { kind.rawValue }
    }

    /// The operation that failed.
    package enum Operation: Hashable, Sendable {
        case open
        case list
        case delete(source: Endpoint, destination: Endpoint)

        static func delete(_ entry: TrackedUDP) -> Self {
            .delete(source: entry.source, destination: entry.destination)
        }
    }
}

extension ConnectionTrackingError: CustomStringConvertible {
    /// The error as a sentence: what could not be done, and why.
    public var description: String { sentence }

    package var usualReason: String {
        switch code.kind {
        case .connectionsChanging: "they changed each time they were read"
        case .permissionDenied: "not permitted; this requires CAP_NET_ADMIN, which root has"
        case .namespaceNotFound: "no such network namespace"
        case .closed: "the socket is closed"
        case .answerLost where operation == .list: "the kernel's answer was lost, twice"
        case .answerLost: "the kernel's answer was lost, so whether it took effect is unknown"
        case .malformedReply: "the kernel's reply can't be understood"
        case .system: systemReason
        }
    }
}

extension ConnectionTrackingError.Operation: CustomStringConvertible {
    /// The operation in words.
    package var description: String {
        switch self {
        case .open: "access tracked connections"
        case .list: "list tracked connections"
        case .delete(let source, let destination): "delete the tracked UDP connection from \(source) to \(destination)"
        }
    }
}

extension ConnectionTrackingError: OperationError {
    package static let codes = CommonCodes<Code>(
        closed: .closed,
        permissionDenied: .permissionDenied,
        namespaceNotFound: .namespaceNotFound,
        answerLost: .answerLost,
        malformedReply: .malformedReply,
        changing: .connectionsChanging,
        // It is no family of generic netlink.
        familyNotFound: .system,
        system: .system
    )

    package static func code(for errno: Int32, of operation: Operation) -> Code {
        errno == EPERM ? .permissionDenied : .system
    }
}
