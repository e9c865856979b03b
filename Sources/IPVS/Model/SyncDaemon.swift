/// A sync daemon: a kernel thread that sends this balancer's connections to other balancers by multicast, or receives
/// theirs, so that one balancer can take over from another.
public struct SyncDaemon: Hashable, Sendable {
    /// The role of a sync daemon. One daemon of each role can run in a network namespace.
    public enum Role: UInt32, Hashable, Sendable {
        /// Sends connections. The corresponding C constant is `IP_VS_STATE_MASTER`.
        case master = 1
        /// Receives connections. The corresponding C constant is `IP_VS_STATE_BACKUP`.
        case backup = 2
    }

    /// The role of the daemon.
    public var role: Role

    /// The network interface for the multicast messages: 1 to 15 bytes.
    public var interface: String

    /// The ID of a group of balancers: 0 to 255. A backup with ID 0 accepts messages of all groups.
    public var syncID: UInt32

    /// The maximum length of a message in bytes. If it is nil, the kernel derives it from the interface's MTU. The
    /// kernel clamps a value outside of its bounds without an error.
    public var maximumLength: UInt16?

    /// The multicast group, of either family. If it is nil, the kernel uses 224.0.0.81.
    public var group: IPAddress?

    /// The UDP port. If it is nil, the kernel uses 8848.
    public var port: UInt16?

    /// The TTL of messages. If it is nil, the kernel uses 1.
    public var timeToLive: UInt8?

    /// A daemon on an interface. The kernel chooses values that are nil.
    public init(
        _ role: Role,
        interface: String,
        syncID: UInt32 = 0,
        maximumLength: UInt16? = nil,
        group: IPAddress? = nil,
        port: UInt16? = nil,
        timeToLive: UInt8? = nil
    ) {
        self.role = role
        self.interface = interface
        self.syncID = syncID
        self.maximumLength = maximumLength
        self.group = group
        self.port = port
        self.timeToLive = timeToLive
    }
}

extension SyncDaemon: Codable {
    enum CodingKeys: CodingKey { case role, interface, syncID, maximumLength, group, port, timeToLive }

    /// Decodes a daemon. `role` and `interface` are required. Other missing keys have the defaults of the initializer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try container.decode(Role.self, forKey: .role),
            interface: try container.decode(String.self, forKey: .interface),
            syncID: try container.decodeIfPresent(UInt32.self, forKey: .syncID) ?? 0,
            maximumLength: try container.decodeIfPresent(UInt16.self, forKey: .maximumLength),
            group: try container.decodeIfPresent(IPAddress.self, forKey: .group),
            port: try container.decodeIfPresent(UInt16.self, forKey: .port),
            timeToLive: try container.decodeIfPresent(UInt8.self, forKey: .timeToLive)
        )
    }
}

extension SyncDaemon.Role: LosslessStringConvertible {
    /// Parses `master` or `backup`.
    public init?(_ text: String) {
        switch text {
        case "master": self = .master
        case "backup": self = .backup
        default: return nil
        }
    }

    /// `master` or `backup`.
    public var description: String { self == .master ? "master" : "backup" }
}

extension SyncDaemon.Role: Codable {
    /// Decodes the role from its text form.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the role as its text form.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}
