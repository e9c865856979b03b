import IPVS

extension Compatible {
    /// What a line asks for.
    enum Command: Hashable, Sendable {
        case add(VirtualServer)
        case edit(VirtualServer)
        case delete(VirtualServer.Identity)
        case addRealServer(RealServer, VirtualServer.Identity)
        case editRealServer(RealServer, VirtualServer.Identity)
        case deleteRealServer(Endpoint, VirtualServer.Identity)
        case clear
        case zero(VirtualServer.Identity?)
        case setTimeouts(Timeouts)
        case startDaemon(SyncDaemon)
        case stopDaemon(SyncDaemon.Role)
        case list(Subject, Format)
        case save(numeric: Bool)
        case restore
        case help
        case version
    }

    /// What is to be listed.
    enum Subject: Hashable, Sendable {
        case table
        case service(VirtualServer.Identity)
        case connections
        case timeouts
        case daemons
    }

    /// How it is to be listed.
    struct Format: Hashable, Sendable {
        /// The columns of a table's listing.
        enum Columns: Hashable, Sendable {
            case connections, statistics, rates, thresholds, persistence, tunnels
        }

        var columns = Columns.connections
        var isNumeric = false
        var isExact = false
        var isSorted = true
        var isJSON = false
    }

    /// A line that can be carried out.
    struct Line: Hashable, Sendable {
        let command: Command

        /// The network namespace it is for; nil is the one that the program is in.
        let namespace: NetworkNamespace?

        /// What a reader of an error of the command should know, as a sentence's last part.
        var remark: String?
    }
}
