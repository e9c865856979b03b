extension Compatible {
    /// The options of a command line. Commands are options too: the first one is the command.
    enum Option: UInt8, CaseIterable, Sendable {
        case addService
        case editService
        case deleteService
        case clear
        case restore
        case save
        case addServer
        case editServer
        case deleteServer
        case list
        case zero
        case set
        case startDaemon
        case stopDaemon
        case help
        case version

        case tcpService
        case udpService
        case sctpService
        case firewallMark
        case ipv6

        case scheduler
        case schedulerFlags
        case persistent
        case netmask
        case engine
        case onePacket

        case realServer
        case directRouting
        case tunnel
        case masquerade
        case weight
        case upperThreshold
        case lowerThreshold
        case tunnelType
        case tunnelPort
        case noChecksum
        case checksum
        case remoteChecksum

        case syncID
        case maximumLength
        case interface
        case group
        case groupPort
        case timeToLive

        case connection
        case timeout
        case daemon
        case statistics
        case rate
        case thresholds
        case persistentConnections
        case tunnelInfo
        case sort
        case noSort
        case numeric
        case exact

        // Options that ipvsadm doesn't have.
        case json
        case namespace
        case otherService
        case local
        case bypass
        case otherMethod
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
            .scheduler, .schedulerFlags, .netmask, .engine, .realServer, .otherMethod, .weight, .upperThreshold,
            .lowerThreshold,
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

    init?(letter: Unicode.Scalar) {
        guard let option = Self.letters[letter] else { return nil }
        self = option
    }

    private static let letters: [Unicode.Scalar: Self] = [
        "A": .addService, "E": .editService, "D": .deleteService, "C": .clear, "R": .restore, "S": .save,
        "a": .addServer, "e": .editServer, "d": .deleteServer, "L": .list, "l": .list, "Z": .zero, "h": .help,
        "v": .version, "t": .tcpService, "u": .udpService, "f": .firewallMark, "6": .ipv6, "s": .scheduler,
        "b": .schedulerFlags, "p": .persistent, "M": .netmask, "o": .onePacket, "r": .realServer, "g": .directRouting,
        "i": .tunnel, "m": .masquerade, "w": .weight, "x": .upperThreshold, "y": .lowerThreshold, "c": .connection,
        "n": .numeric, "X": .exact,
    ]
}

extension Compatible.Option {
    /// The long name of the option.
    var name: String { "--\(longName)" }

    init?(longName: String) {
        guard let option = Self.longNames[longName] else { return nil }
        self = option
    }

    private static let longNames = Dictionary(uniqueKeysWithValues: allCases.map { ($0.longName, $0) })

    var longName: String {
        switch self {
        case .addService: "add-service"
        case .editService: "edit-service"
        case .deleteService: "delete-service"
        case .clear: "clear"
        case .restore: "restore"
        case .save: "save"
        case .addServer: "add-server"
        case .editServer: "edit-server"
        case .deleteServer: "delete-server"
        case .list: "list"
        case .zero: "zero"
        case .set: "set"
        case .startDaemon: "start-daemon"
        case .stopDaemon: "stop-daemon"
        case .help: "help"
        case .version: "version"
        case .tcpService: "tcp-service"
        case .udpService: "udp-service"
        case .sctpService: "sctp-service"
        case .firewallMark: "fwmark-service"
        case .ipv6: "ipv6"
        case .scheduler: "scheduler"
        case .schedulerFlags: "sched-flags"
        case .persistent: "persistent"
        case .netmask: "netmask"
        case .engine: "pe"
        case .onePacket: "ops"
        case .realServer: "real-server"
        case .directRouting: "gatewaying"
        case .tunnel: "ipip"
        case .masquerade: "masquerading"
        case .weight: "weight"
        case .upperThreshold: "u-threshold"
        case .lowerThreshold: "l-threshold"
        case .tunnelType: "tun-type"
        case .tunnelPort: "tun-port"
        case .noChecksum: "tun-nocsum"
        case .checksum: "tun-csum"
        case .remoteChecksum: "tun-remcsum"
        case .syncID: "syncid"
        case .maximumLength: "sync-maxlen"
        case .interface: "mcast-interface"
        case .group: "mcast-group"
        case .groupPort: "mcast-port"
        case .timeToLive: "mcast-ttl"
        case .connection: "connection"
        case .timeout: "timeout"
        case .daemon: "daemon"
        case .statistics: "stats"
        case .rate: "rate"
        case .thresholds: "thresholds"
        case .persistentConnections: "persistent-conn"
        case .tunnelInfo: "tun-info"
        case .sort: "sort"
        case .noSort: "nosort"
        case .numeric: "numeric"
        case .exact: "exact"
        case .json: "json"
        case .namespace: "netns"
        case .otherService: "ip-service"
        case .local: "local"
        case .bypass: "bypass"
        case .otherMethod: "forwarding"
        }
    }
}
