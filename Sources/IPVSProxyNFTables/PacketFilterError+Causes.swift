import IPVSProxy
import Netlink

extension PacketFilterError {
    /// A socket that could not be opened, in the network namespace that a path refers to or in the caller's.
    init(opening path: String?, _ error: SystemError) {
        // Also if the socket is to be opened in another namespace.
        if [EPROTONOSUPPORT, EAFNOSUPPORT].contains(error.errno) {
            self.init(.unavailable, "can't open the packet filter: \(Self.noNFTables)")
            return
        }
        guard let path else {
            self.init(.other, "can't open the packet filter: \(error.reason)")
            return
        }
        let obstacle = NamespaceObstacle(path, error)
        let code: Code =
            switch obstacle.kind {
            case .notFound: .namespaceNotFound
            case .notPermitted: .permissionDenied
            case .other: .other
            }
        self.init(code, "can't open the packet filter: \(obstacle.reason)")
    }

    /// A request to read rules that failed.
    init(_ operation: String, _ failure: NetlinkConnection.Failure) {
        switch failure {
        case .kernel(let answer) where answer.errno == EPERM:
            self.init(.permissionDenied, "can't \(operation): \(Self.notPermitted)")
        // nfnetlink knows no such kind of message.
        case .kernel(let answer) where answer.errno == EINVAL || answer.errno == EOPNOTSUPP:
            self.init(.unavailable, "can't \(operation): \(Self.noNFTables)")
        case .kernel(let answer):
            let words = answer.message.map { " (the kernel says: \($0))" } ?? ""
            self.init(.other, "can't \(operation): \(unsafe String(cString: strerror(answer.errno)))\(words)")
        case .system(let error): self.init(.other, "can't \(operation): \(error.reason)")
        case .malformed(let reply):
            self.init(.other, "can't \(operation): the kernel's reply can't be understood: \(reply)")
        case .interrupted: self.init(.other, "can't \(operation): other programs change rules all the time")
        case .answerLost, .truncated: self.init(.other, "can't \(operation): the kernel's answer was lost")
        case .closed, .familyNotFound: self.init(.other, "can't \(operation): the connection to the kernel is closed")
        }
    }

    /// A script that libnftables or the kernel refused.
    init(_ operation: String, refused text: String) {
        let message = LibraryMessage(text)
        if message.reason.contains("Operation not permitted") {
            self.init(.permissionDenied, "can't \(operation): \(Self.notPermitted)")
        } else {
            self.init(.refused, "can't \(operation): refused \(message)")
        }
    }

    /// A script that could not be run at all.
    init(_ operation: String, _ error: SystemError) {
        let isDenied = error.errno == EPERM
        self.init(
            isDenied ? .permissionDenied : .other,
            "can't \(operation): can't enter the network namespace: \(error.reason)"
        )
    }

    static let notPermitted = "not permitted; this requires CAP_NET_ADMIN in the network namespace, which root has"
    static let noNFTables =
        "this kernel has no nftables; load its module (modprobe nf_tables), or use a kernel with CONFIG_NF_TABLES"
}

extension SystemError {
    var reason: String { unsafe String(cString: strerror(errno)) }
}
