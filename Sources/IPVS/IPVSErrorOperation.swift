extension IPVSError {
    /// What was asked of the kernel when an error came: which command, and on what.
    public struct Operation: Hashable, Sendable {
        /// What is asked for: by a request over netlink, but for the list of connections, which is a file.
        enum Kind: Hashable, Sendable {
            case request(Request)
            case listConnections
        }

        let kind: Kind

        init(_ request: Request) { kind = .request(request) }

        init(_ kind: Kind) { self.kind = kind }

        var request: Request? {
            if case .request(let request) = kind { request } else { nil }
        }

        /// The virtual server that the operation is about, if there is one.
        public var virtualServer: VirtualServer.Identity? {
            switch request {
            case .addService(let server), .updateService(let server): server.id
            case .deleteService(let id), .readService(let id), .readDestinations(let id), .addDestination(_, let id),
                .updateDestination(_, let id), .deleteDestination(_, let id):
                id
            case .zeroCounters(let id): id
            case .resolveFamily, .readServices, .flush, .readTimeouts, .setTimeouts, .readInfo, .startDaemon,
                .stopDaemon,
                .readDaemons, nil:
                nil
            }
        }

        /// The real server that the operation is about, if there is one.
        public var realServer: Endpoint? {
            switch request {
            case .addDestination(let server, _), .updateDestination(let server, _): server.endpoint
            case .deleteDestination(let endpoint, _): endpoint
            default: nil
            }
        }
    }
}

extension IPVSError.Operation: CustomStringConvertible {
    /// The operation in words: `add real server 10.244.1.5:80 to TCP 10.96.0.1:80`.
    public var description: String {
        switch request {
        case nil: "list connections"
        case .resolveFamily: "open IPVS"
        case .addService(let server): "add virtual server \(server.id)"
        case .updateService(let server): "update virtual server \(server.id)"
        case .deleteService(let id): "delete virtual server \(id)"
        case .readService(let id): "read virtual server \(id)"
        case .readServices: "list virtual servers"
        case .addDestination(let server, let id): "add real server \(server.endpoint) to \(id)"
        case .updateDestination(let server, let id): "update real server \(server.endpoint) of \(id)"
        case .deleteDestination(let endpoint, let id): "delete real server \(endpoint) from \(id)"
        case .readDestinations(let id): "list the real servers of \(id)"
        case .flush: "delete all virtual servers"
        case .zeroCounters(nil): "set all counters to zero"
        case .zeroCounters(let id?): "set the counters of \(id) to zero"
        case .readTimeouts: "read the timeouts"
        case .setTimeouts: "set the timeouts"
        case .readInfo: "read the version of IPVS"
        case .startDaemon(let daemon): "start the \(daemon.role) sync daemon on \(daemon.interface)"
        case .stopDaemon(let role): "stop the \(role) sync daemon"
        case .readDaemons: "list the sync daemons"
        }
    }
}
