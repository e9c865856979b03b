public import IPVS
package import Netlink

/// An error about an interface or its addresses.
///
/// Decide by ``code``. Show people the ``description``, which says what could not be done and why:
/// `can't bind 10.96.0.1 to kube-ipvs0: not permitted; this requires CAP_NET_ADMIN, which root has`.
public struct AddressError: Error, Hashable, Sendable {
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

    /// The address that could not be bound or unbound, if the error is about one.
    public var address: IPAddress? {
        switch operation {
        case .bind(let address, _), .unbind(let address, _): address
        default: nil
        }
    }
}

extension AddressError {
    /// A kind of error.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        enum Kind: String {
            case invalidName, invalidAlias, invalidAddress, notADummy, notOwned, inUse, dummyNotSupported,
                interfaceChanging,
                addressesChanging
            case addressFamilyNotSupported, permissionDenied, namespaceNotFound
            case binderClosed, answerLost, malformedReply, system
        }

        let kind: Kind

        private init(_ kind: Kind) { self.kind = kind }

        /// The name is not valid for an interface.
        public static let invalidName = Code(.invalidName)

        /// The alias is too long or contains a NUL.
        public static let invalidAlias = Code(.invalidAlias)

        /// The address is not that of a single host.
        public static let invalidAddress = Code(.invalidAddress)

        /// There is an interface with the name that is not a dummy interface.
        public static let notADummy = Code(.notADummy)

        /// There is a dummy interface with the name that another program uses: it has an alias that no proxier has set,
        /// or addresses but no alias.
        public static let notOwned = Code(.notOwned)

        /// Another process is using the interface, and only one at a time may.
        public static let inUse = Code(.inUse)

        /// The kernel has no dummy interfaces and could not load their module (`EOPNOTSUPP`).
        public static let dummyNotSupported = Code(.dummyNotSupported)

        /// Other programs removed the interface, or set it down, in each attempt.
        public static let interfaceChanging = Code(.interfaceChanging)

        /// Other programs changed the addresses during each attempt to dump them.
        public static let addressesChanging = Code(.addressesChanging)

        /// The kernel or the interface doesn't support the address family, which is IPv6.
        public static let addressFamilyNotSupported = Code(.addressFamilyNotSupported)

        /// The process lacks `CAP_NET_ADMIN` (`EPERM`), or `CAP_SYS_ADMIN` to enter a network namespace.
        public static let permissionDenied = Code(.permissionDenied)

        /// There is no such network namespace, or its path now refers to another one.
        public static let namespaceNotFound = Code(.namespaceNotFound)

        /// The binder is closed.
        public static let binderClosed = Code(.binderClosed)

        /// The kernel's answer did not arrive. A change may or may not have been made; read the addresses to find out.
        public static let answerLost = Code(.answerLost)

        /// The kernel's reply can't be decoded.
        public static let malformedReply = Code(.malformedReply)

        /// Another error of the kernel or the C library; see ``AddressError/errno``.
        public static let system = Code(.system)

        /// The name of the code.
        public var description: String { kind.rawValue }
    }

    /// The operation that failed.
    package enum Operation: Hashable, Sendable {
        case open
        case findInterface(String)
        case makeInterface(String)
        case useInterface(String)
        case setAlias(String)
        case setUp(String)
        case removeInterface(String)
        case listAddresses
        case bind(IPAddress, String)
        case unbind(IPAddress, String)

        /// Whether it changes nothing.
        var isRead: Bool {
            switch self {
            case .open, .findInterface, .listAddresses: true
            default: false
            }
        }
    }
}

extension AddressError: CustomStringConvertible {
    /// The error as a sentence: what could not be done, and why.
    public var description: String { sentence }

    package var usualReason: String {
        switch code.kind {
        case .invalidName:
            "an interface's name has 1 to 15 bytes, and no space, slash, colon, percent sign or NUL in it"
        case .invalidAlias: "an alias has up to 255 bytes, and no NUL in it"
        case .invalidAddress: "it is not the address of a single host"
        case .notADummy: "the interface is there, but is not a dummy; remove it, or choose another name"
        case .notOwned:
            "somebody else has given it addresses, or another alias than a proxier does; choose another name, or remove it"
        case .inUse: "another process is using it"
        case .dummyNotSupported:
            "this kernel has no dummy interfaces; load their module (modprobe dummy) or use a kernel that has it "
                + "(CONFIG_DUMMY)"
        case .interfaceChanging: "the interface was removed by others, or set down, each time"
        case .addressesChanging: "they were changed by others each time they were read"
        case .addressFamilyNotSupported: "IPv6 is disabled"
        case .permissionDenied: "not permitted; this requires CAP_NET_ADMIN, which root has"
        case .namespaceNotFound: "no such network namespace"
        case .binderClosed: "the binder is closed"
        case .answerLost where operation.isRead: "the kernel's answer was lost, twice"
        case .answerLost: "the kernel's answer was lost, so whether it took effect is unknown: list and see"
        case .malformedReply: "the kernel's reply can't be understood"
        case .system: systemReason
        }
    }
}

extension AddressError.Operation: CustomStringConvertible {
    /// The operation in words: `bind 10.96.0.1 to kube-ipvs0`.
    package var description: String {
        switch self {
        case .open: "open the kernel's network settings"
        case .findInterface(let name): "look for the interface \(name)"
        case .makeInterface(let name): "make the interface \(name)"
        case .useInterface(let name): "use the interface \(name)"
        case .setAlias(let name): "give the interface \(name) an alias"
        case .setUp(let name): "set the interface \(name) up"
        case .removeInterface(let name): "remove the interface \(name)"
        case .listAddresses: "list addresses"
        case .bind(let address, let name): "bind \(address) to \(name)"
        case .unbind(let address, let name): "unbind \(address) from \(name)"
        }
    }
}

extension AddressError: OperationError {
    package static let codes = CommonCodes<Code>(
        closed: .binderClosed,
        permissionDenied: .permissionDenied,
        namespaceNotFound: .namespaceNotFound,
        answerLost: .answerLost,
        malformedReply: .malformedReply,
        changing: .addressesChanging,
        // Rtnetlink is no family of generic netlink.
        familyNotFound: .system,
        system: .system
    )

    package static func code(for errno: Int32, of operation: Operation) -> Code { Code(errno: errno, of: operation) }
}

extension AddressError.Code {
    /// The code for an error number, whose meaning depends on the operation.
    init(errno: Int32, of operation: AddressError.Operation) {
        self =
            switch (errno, operation) {
            case (EPERM, _): .permissionDenied
            case (EOPNOTSUPP, .makeInterface): .dummyNotSupported
            // A kernel without IPv6, and an interface with disable_ipv6.
            case (EOPNOTSUPP, .bind), (EACCES, .bind), (EAFNOSUPPORT, .bind): .addressFamilyNotSupported
            case (ENOBUFS, .bind(let address, _)) where address.family == .ipv6: .addressFamilyNotSupported
            case (ENODEV, .bind), (ENETDOWN, .bind): .interfaceChanging
            default: .system
            }
    }
}
