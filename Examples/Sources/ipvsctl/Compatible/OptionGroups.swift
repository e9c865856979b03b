extension Compatible {
    /// A set of options, in the order of their declaration. It is a bit set, as each line is checked against several.
    struct Options: Hashable, Sendable, ExpressibleByArrayLiteral {
        private var bits: UInt64

        private init(bits: UInt64) { self.bits = bits }

        init(arrayLiteral options: Option...) {
            bits = options.reduce(0) { $0 | Self.bit(of: $1) }
        }

        private static func bit(of option: Option) -> UInt64 {
            precondition(option.rawValue < UInt64.bitWidth, "there are more options than bits")
            return 1 << UInt64(option.rawValue)
        }

        var isEmpty: Bool { bits == 0 }

        /// The first of them, if there is one.
        var first: Option? { Option(rawValue: UInt8(bits.trailingZeroBitCount)) }

        func contains(_ option: Option) -> Bool { bits & Self.bit(of: option) != 0 }

        mutating func insert(_ option: Option) { bits |= Self.bit(of: option) }

        func union(_ other: Options) -> Options { Options(bits: bits | other.bits) }

        func intersection(_ other: Options) -> Options { Options(bits: bits & other.bits) }

        func subtracting(_ other: Options) -> Options { Options(bits: bits & ~other.bits) }
    }
}

extension Compatible.Options {
    /// The options that identify a virtual server.
    static let services: Self = [.tcpService, .udpService, .sctpService, .otherService, .firewallMark]

    /// The forwarding methods.
    static let methods: Self = [.directRouting, .tunnel, .masquerade, .local, .bypass, .otherMethod]

    static let tunnelSettings: Self = [.tunnelType, .tunnelPort, .noChecksum, .checksum, .remoteChecksum]

    static let checksums: Self = [.noChecksum, .checksum, .remoteChecksum]

    /// Options that can be repeated and used with any command, as they have no effect or are handled elsewhere.
    static let free: Self = [.sort, .ipv6]

    fileprivate static let ofServices: Self = [
        .scheduler, .schedulerFlags, .persistent, .netmask, .engine, .onePacket,
    ]

    fileprivate static let ofRealServers = methods.union(tunnelSettings).union([
        .weight, .upperThreshold, .lowerThreshold,
    ])

    fileprivate static let ofListings = services.union([
        .numeric, .connection, .timeout, .daemon, .statistics, .rate, .thresholds, .persistentConnections, .tunnelInfo,
        .noSort, .exact, .json,
    ])

    fileprivate static let ofDaemons: Self = [
        .syncID, .maximumLength, .interface, .group, .groupPort, .timeToLive,
    ]
}

extension Compatible.Option {
    /// This option and its alternatives, only one of which may be on a line.
    var alternatives: Compatible.Options {
        if Compatible.Options.services.contains(self) { return .services }
        if Compatible.Options.methods.contains(self) { return .methods }
        return [self]
    }

    /// The optional options of a command.
    var companions: Compatible.Options {
        switch self {
        case .addService, .editService: .ofServices
        case .addServer, .editServer: .ofRealServers
        case .list: .ofListings
        case .save: [.numeric]
        case .zero: .services
        case .startDaemon: .ofDaemons
        case .stopDaemon: [.syncID]
        default: []
        }
    }

    /// Whether a command is about a virtual server.
    var needsService: Bool {
        switch self {
        case .addService, .editService, .deleteService: true
        default: needsRealServer
        }
    }

    /// Whether a command is about a real server.
    var needsRealServer: Bool {
        switch self {
        case .addServer, .editServer, .deleteServer: true
        default: false
        }
    }
}
