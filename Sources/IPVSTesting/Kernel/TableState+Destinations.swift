import CIPVS
import CNetlinkShim
import IPVS
import Netlink

// The commands about real servers, with the kernel's checks in the kernel's order.

/// The commands about one real server.
enum DestinationCommand {
    case add, set, delete
}

extension TableState {
    mutating func change(
        _ command: DestinationCommand,
        _ serviceBytes: ArraySlice<UInt8>?,
        _ bytes: ArraySlice<UInt8>?
    ) throws(Refusal) {
        let service = try existingService(serviceBytes)
        let attributes = try Self.destination(bytes)
        guard let address = attributes.address(IPVS_DEST_ATTR_ADDR),
            let port = attributes.integer(IPVS_DEST_ATTR_PORT, as: UInt16.self)
        else { throw Refusal(EINVAL) }
        let settings = command == .delete ? nil : try RealServerState.Settings(attributes)
        var family = attributes.integer(IPVS_DEST_ATTR_ADDR_FAMILY, as: UInt16.self) ?? 0
        if family == 0 { family = service.family }
        try Self.requireFamily(family)
        let key = DestinationKey(family: family, address: address, port: port)
        guard let settings else { return try delete(key, of: service) }
        if family != service.family {
            // Neither the sync protocol nor any other method supports both families.
            guard daemons.isEmpty, settings.forwarding == UInt32(IP_VS_CONN_F_TUNNEL) else { throw Refusal(EINVAL) }
        }
        try require(settings)
        if command == .add { try add(key, settings, to: service) } else { try set(key, settings, of: service) }
    }

    /// Reads the attributes of a real server. What is wrong with one is not reported.
    private static func destination(_ bytes: ArraySlice<UInt8>?) throws(Refusal) -> ReceivedAttributes {
        do throws(Refusal) {
            guard let bytes else { throw Refusal(EINVAL) }
            return try ReceivedAttributes(bytes, .destination)
        } catch {
            throw Refusal(EINVAL)
        }
    }

    private func require(_ settings: RealServerState.Settings) throws(Refusal) {
        guard settings.weight <= UInt32(Int32.max), settings.lowerThreshold <= settings.upperThreshold else {
            throw Refusal(ERANGE)
        }
        let isTooHigh = settings.upperThreshold > UInt32(Int32.max)
        guard !isTooHigh || version.takesAnyThreshold else { throw Refusal(EINVAL) }
        let isGUE = settings.tunnelKind == Tunnel.Kind.gue.rawValue
        guard !isGUE || settings.tunnelPort != 0 else { throw Refusal(EINVAL) }
    }

    private mutating func add(
        _ key: DestinationKey,
        _ settings: RealServerState.Settings,
        to service: ServiceKey
    ) throws(Refusal) {
        guard services[service]?.realServers[key] == nil else { throw Refusal(EEXIST) }
        let counters = services[service]?.deleted[key]
        guard counters != nil || canReach(key) else { throw Refusal(EINVAL) }
        let real = RealServerState(key: key, number: takeNumber(), settings: settings, counters: counters ?? Counters())
        services[service]?.deleted[key] = nil
        services[service]?.realServers[key] = real
    }

    private mutating func set(
        _ key: DestinationKey,
        _ settings: RealServerState.Settings,
        of service: ServiceKey
    ) throws(Refusal) {
        guard services[service]?.realServers[key] != nil else { throw Refusal(ENOENT) }
        services[service]?.realServers[key]?.settings = settings
    }

    private mutating func delete(_ key: DestinationKey, of service: ServiceKey) throws(Refusal) {
        guard let real = services[service]?.realServers.removeValue(forKey: key) else { throw Refusal(ENOENT) }
        services[service]?.deleted[key] = real.counters
    }

    /// Whether packets can be sent to an address.
    private func canReach(_ key: DestinationKey) -> Bool {
        let (high, low) = (key.address.high, key.address.low)
        if key.family == UInt16(AF_INET) {
            let number = high >> 32
            let isBroadcast = number == 0xffff_ffff || number == 0x7fff_ffff
            return isLoopbackUp && number != 0 && !isBroadcast && number >> 28 != 0xe
        }
        let isLinkLocal = high >> 54 == 0xfe80 >> 6
        let isIPv4 = high == 0 && low >> 32 == 0xffff
        return high >> 56 != 0xff && !isLinkLocal && !isIPv4 && (high != 0 || low != 0)
    }
}

extension RealServerState.Settings {
    fileprivate init(_ attributes: ReceivedAttributes) throws(Refusal) {
        guard let forwarding = attributes.integer(IPVS_DEST_ATTR_FWD_METHOD, as: UInt32.self),
            let weight = attributes.integer(IPVS_DEST_ATTR_WEIGHT, as: UInt32.self),
            let upper = attributes.integer(IPVS_DEST_ATTR_U_THRESH, as: UInt32.self),
            let lower = attributes.integer(IPVS_DEST_ATTR_L_THRESH, as: UInt32.self)
        else { throw Refusal(EINVAL) }
        self.init(
            forwarding: forwarding & UInt32(IP_VS_CONN_F_FWD_MASK),
            weight: weight,
            upperThreshold: upper,
            lowerThreshold: lower,
            tunnelKind: attributes.integer(IPVS_DEST_ATTR_TUN_TYPE, as: UInt8.self) ?? 0,
            tunnelPort: attributes.integer(IPVS_DEST_ATTR_TUN_PORT, as: UInt16.self) ?? 0,
            tunnelFlags: attributes.integer(IPVS_DEST_ATTR_TUN_FLAGS, as: UInt16.self) ?? 0
        )
    }
}
