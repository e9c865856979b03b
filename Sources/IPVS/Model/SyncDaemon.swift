/// A sync daemon: a thread of the kernel that sends this balancer's connections to others by multicast, or receives
/// theirs, so that one balancer can take over from another.
public struct SyncDaemon: Hashable, Sendable {
    /// Which half of the synchronization a daemon does. One of each may run in a network namespace.
    public enum Role: UInt32, Hashable, Sendable {
        /// Sends. The corresponding C constant is `IP_VS_STATE_MASTER`.
        case master = 1
        /// Receives. The corresponding C constant is `IP_VS_STATE_BACKUP`.
        case backup = 2
    }

    /// Which half of the synchronization it does.
    public var role: Role

    /// The network interface for the multicast messages: 1 to 15 bytes.
    public var interface: String

    /// Tells groups of balancers apart: 0 to 255. A backup with 0 takes the messages of all.
    public var syncID: UInt32

    /// The longest message, in bytes. Nil is the kernel's choice by the interface's MTU; a value that is out of its
    /// bounds is moved into them without an error.
    public var maximumLength: UInt16?

    /// The multicast group, of either family. Nil is the kernel's choice, 224.0.0.81.
    public var group: IPAddress?

    /// The UDP port. Nil is the kernel's choice, 8848.
    public var port: UInt16?

    /// How many routers a message may pass. Nil is the kernel's choice, 1.
    public var timeToLive: UInt8?

    /// A daemon on an interface; what is nil is left to the kernel.
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

    /// Decodes a daemon. `role` and `interface` are required; what else is absent has the defaults of the initializer.
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
    /// Reads `master` or `backup`.
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
    /// Decodes the role from its text.
    public init(from decoder: any Decoder) throws { self = try decoder.decodeText() }

    /// Encodes the role as its text.
    public func encode(to encoder: any Encoder) throws { try encoder.encodeText(self) }
}
