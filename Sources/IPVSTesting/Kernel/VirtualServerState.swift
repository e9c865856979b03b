import CIPVS
import IPVS
import Netlink

/// What identifies a virtual server for the kernel: a mark, or all else if that is 0. The port is in network byte order.
struct ServiceKey: Hashable {
    var family: UInt16
    var transport: UInt16
    var address: SixteenBytes
    var port: UInt16
    var mark: UInt32

    init(family: UInt16, mark: UInt32) {
        self.init(family: family, transport: UInt16(IPPROTO_TCP), address: SixteenBytes(high: 0, low: 0), port: 0, mark)
    }

    init(family: UInt16, transport: UInt16, address: SixteenBytes, port: UInt16, _ mark: UInt32 = 0) {
        self.family = family
        self.transport = transport
        self.address = address.kept(family)
        self.port = port
        self.mark = mark
    }

    init(_ id: VirtualServer.Identity) {
        switch id {
        case .firewallMark(let mark, let family): self.init(family: family.rawValue, mark: mark)
        case .endpoint(let transport, let endpoint):
            self.init(
                family: endpoint.address.family.rawValue,
                transport: transport.rawValue,
                address: endpoint.address.sixteen,
                port: endpoint.port.bigEndian
            )
        }
    }
}

/// What identifies a real server of a virtual server. The port is in network byte order.
struct DestinationKey: Hashable {
    var family: UInt16
    var address: SixteenBytes
    var port: UInt16

    init(family: UInt16, address: SixteenBytes, port: UInt16) {
        (self.family, self.address, self.port) = (family, address.kept(family), port)
    }

    init(_ endpoint: Endpoint) {
        let address = endpoint.address
        self.init(family: address.family.rawValue, address: address.sixteen, port: endpoint.port.bigEndian)
    }
}

extension SixteenBytes {
    /// What the kernel keeps of an address of a family: the first four bytes for IPv4.
    fileprivate func kept(_ family: UInt16) -> SixteenBytes {
        family == UInt16(AF_INET) ? SixteenBytes(high: high & 0xffff_ffff_0000_0000, low: 0) : self
    }
}

extension IPAddress {
    fileprivate var sixteen: SixteenBytes { SixteenBytes(high: high, low: low) }
}

/// A virtual server as the kernel keeps it.
struct VirtualServerState {
    let key: ServiceKey

    /// Its place in a list.
    let number: Int

    var scheduler: String
    var engine: String?
    var flags: UInt32

    /// The persistence timeout in ticks of the kernel's clock.
    var timeout: UInt32

    /// The mask, as it was sent.
    var mask: UInt32

    var statistics = Statistics()
    var realServers: [DestinationKey: RealServerState] = [:]

    /// Counters of deleted real servers, with which they come back.
    var deleted: [DestinationKey: Counters] = [:]

    static let hashedBit: UInt32 = 0x02
}

/// A real server as the kernel keeps it.
struct RealServerState {
    let key: DestinationKey

    /// Its place in a list, which begins with the highest number.
    var number: Int

    var settings: Settings
    var counters = Counters()

    struct Settings {
        var forwarding: UInt32
        var weight: UInt32
        var upperThreshold: UInt32
        var lowerThreshold: UInt32
        var tunnelKind: UInt8 = 0
        var tunnelPort: UInt16 = 0
        var tunnelFlags: UInt16 = 0
    }
}

/// What the kernel counts of a real server.
struct Counters {
    var active: UInt32 = 0
    var inactive: UInt32 = 0
    var persistent: UInt32 = 0
    var statistics = Statistics()
}
