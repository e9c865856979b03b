extension Compatible {
    /// The options of a command line, by their long names. Commands are options too: the first one is the command.
    enum Option: String, CaseIterable, Sendable {
        case addService = "add-service"
        case editService = "edit-service"
        case deleteService = "delete-service"
        case clear
        case restore
        case save
        case addServer = "add-server"
        case editServer = "edit-server"
        case deleteServer = "delete-server"
        case list
        case zero
        case set
        case startDaemon = "start-daemon"
        case stopDaemon = "stop-daemon"
        case help
        case version

        case tcpService = "tcp-service"
        case udpService = "udp-service"
        case sctpService = "sctp-service"
        case firewallMark = "fwmark-service"
        case ipv6

        case scheduler
        case schedulerFlags = "sched-flags"
        case persistent
        case netmask
        case engine = "pe"
        case onePacket = "ops"

        case realServer = "real-server"
        case directRouting = "gatewaying"
        case tunnel = "ipip"
        case masquerade = "masquerading"
        case weight
        case upperThreshold = "u-threshold"
        case lowerThreshold = "l-threshold"
        case tunnelType = "tun-type"
        case tunnelPort = "tun-port"
        case noChecksum = "tun-nocsum"
        case checksum = "tun-csum"
        case remoteChecksum = "tun-remcsum"

        case syncID = "syncid"
        case maximumLength = "sync-maxlen"
        case interface = "mcast-interface"
        case group = "mcast-group"
        case groupPort = "mcast-port"
        case timeToLive = "mcast-ttl"

        case connection
        case timeout
        case daemon
        case statistics = "stats"
        case rate
        case thresholds
        case persistentConnections = "persistent-conn"
        case tunnelInfo = "tun-info"
        case sort
        case noSort = "nosort"
        case numeric
        case exact

        // What ipvsadm has no option for.
        case json
        case namespace = "netns"
        case otherService = "ip-service"
        case local
        case bypass
    }
}

extension Compatible.Option {
    /// Whether an option has a value.
    enum Value {
        case none, optional, required
    }

    var value: Value {
        switch self {
        case .persistent: .optional
        case .startDaemon, .stopDaemon, .tcpService, .udpService, .sctpService, .otherService, .firewallMark,
            .scheduler, .schedulerFlags, .netmask, .engine, .realServer, .weight, .upperThreshold, .lowerThreshold,
            .tunnelType, .tunnelPort, .syncID, .maximumLength, .interface, .group, .groupPort, .timeToLive, .namespace:
            .required
        default: .none
        }
    }

    var isCommand: Bool {
        switch self {
        case .addService, .editService, .deleteService, .clear, .restore, .save, .addServer, .editServer, .deleteServer,
            .list, .zero, .set, .startDaemon, .stopDaemon, .help, .version:
            true
        default: false
        }
    }

    /// The option as it is written out.
    var name: String { "--\(rawValue)" }

    init?(letter: Character) {
        guard let option = Self.letters[letter] else { return nil }
        self = option
    }

    private static let letters: [Character: Self] = [
        "A": .addService, "E": .editService, "D": .deleteService, "C": .clear, "R": .restore, "S": .save,
        "a": .addServer, "e": .editServer, "d": .deleteServer, "L": .list, "l": .list, "Z": .zero, "h": .help,
        "v": .version, "t": .tcpService, "u": .udpService, "f": .firewallMark, "6": .ipv6, "s": .scheduler,
        "b": .schedulerFlags, "p": .persistent, "M": .netmask, "o": .onePacket, "r": .realServer, "g": .directRouting,
        "i": .tunnel, "m": .masquerade, "w": .weight, "x": .upperThreshold, "y": .lowerThreshold, "c": .connection,
        "n": .numeric, "X": .exact,
    ]
}

extension Compatible.Option {
    /// What an option speaks of, where several options speak of one thing: only one of them may stand on a line.
    var subject: Self {
        switch self {
        case .udpService, .sctpService, .otherService, .firewallMark: .tcpService
        case .tunnel, .masquerade, .local, .bypass: .directRouting
        default: self
        }
    }

    /// What can stand on a line any number of times, with any command, as it does nothing or is told elsewhere.
    var isFree: Bool { self == .sort || self == .ipv6 }
}

extension Compatible.Option {
    /// Which subjects go with a command, besides those that it needs.
    var companions: Set<Self> {
        switch self {
        case .addService, .editService:
            [.scheduler, .schedulerFlags, .persistent, .netmask, .engine, .onePacket]
        case .addServer, .editServer:
            [
                .directRouting, .weight, .upperThreshold, .lowerThreshold, .tunnelType, .tunnelPort, .noChecksum,
                .checksum, .remoteChecksum,
            ]
        case .list:
            [
                .numeric, .connection, .tcpService, .timeout, .daemon, .statistics, .rate, .thresholds,
                .persistentConnections, .tunnelInfo, .noSort, .exact, .json,
            ]
        case .save: [.numeric]
        case .zero: [.tcpService]
        case .startDaemon: [.syncID, .maximumLength, .interface, .group, .groupPort, .timeToLive]
        case .stopDaemon: [.syncID]
        default: []
        }
    }

    /// Which subjects a command needs.
    var needs: [Self] {
        switch self {
        case .addService, .editService, .deleteService: [.tcpService]
        case .addServer, .editServer, .deleteServer: [.tcpService, .realServer]
        default: []
        }
    }
}
