import VisibleText

extension IPVSError {
    /// What was requested when an error occurred: the command and its subject.
    public struct Operation: Hashable, Sendable {
        /// Mostly a request of IPVS over netlink. The connection table is read from a file, and a lock is a socket.
        enum Kind: Hashable, Sendable {
            case open
            case request(Request)
            case listConnections
            case lockTable
        }

        let kind: Kind

        init(_ request: Request) { kind = .request(request) }

        private init(_ kind: Kind) { self.kind = kind }

        static let open = Self(.open)
        static let listConnections = Self(.listConnections)
        static let lockTable = Self(.lockTable)

        var request: Request? {
            if case .request(let request) = kind { request } else { nil }
        }

        /// The virtual server that the operation concerns, if any.
        public var virtualServer: VirtualServer.Identity? {
            switch request {
            case .addVirtualServer(let server), .updateVirtualServer(let server): server.id
            case .deleteVirtualServer(let id), .readVirtualServer(let id), .readRealServers(let id),
                .addRealServer(_, let id),
                .updateRealServer(_, let id), .deleteRealServer(_, let id):
                id
            case .zeroCounters(let id): id
            case .readVirtualServers, .flush, .readTimeouts, .setTimeouts, .readInfo, .startDaemon,
                .stopDaemon,
                .readDaemons, nil:
                nil
            }
        }

        /// The real server that the operation concerns, if any.
        public var realServer: Endpoint? {
            switch request {
            case .addRealServer(let server, _), .updateRealServer(let server, _): server.endpoint
            case .deleteRealServer(let endpoint, _): endpoint
            default: nil
            }
        }
    }
}

extension IPVSError.Operation: CustomStringConvertible {
    /// The operation as text: `add real server 10.244.1.5:80 to TCP 10.96.0.1:80`.
    public var description: String {
        switch kind {
        case .open: "open IPVS"
        case .listConnections: "list connections"
        case .lockTable: "lock the table"
        case .request(let request): request.phrase
        }
    }
}

extension Request {
    /// The request in words, as an operation's description.
    fileprivate var phrase: String {
        switch self {
        case .addVirtualServer(let server): "add virtual server \(server.id)"
        case .updateVirtualServer(let server): "update virtual server \(server.id)"
        case .deleteVirtualServer(let id): "delete virtual server \(id)"
        case .readVirtualServer(let id): "read virtual server \(id)"
        case .readVirtualServers: "list virtual servers"
        case .addRealServer(let server, let id): "add real server \(server.endpoint) to \(id)"
        case .updateRealServer(let server, let id): "update real server \(server.endpoint) of \(id)"
        case .deleteRealServer(let endpoint, let id): "delete real server \(endpoint) from \(id)"
        case .readRealServers(let id): "list the real servers of \(id)"
        case .flush: "delete all virtual servers"
        case .zeroCounters(nil): "set all counters to zero"
        case .zeroCounters(let id?): "set the counters of \(id) to zero"
        case .readTimeouts: "read the timeouts"
        case .setTimeouts: "set the timeouts"
        case .readInfo: "read the version of IPVS"
        case .startDaemon(let daemon): "start the \(daemon.role) sync daemon on \(daemon.interface.visible(upTo: 60))"
        case .stopDaemon(let role): "stop the \(role) sync daemon"
        case .readDaemons: "list the sync daemons"
        }
    }
}
