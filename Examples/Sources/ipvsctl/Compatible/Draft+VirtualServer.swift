import Common
import IPVS

extension Compatible.Draft {
    func identity() throws(UsageError) -> VirtualServer.Identity {
        if let mark { return .firewallMark(mark, markFamily) }
        guard let transport, let place else { throw UsageError("a virtual server is missing") }
        return .endpoint(transport, Endpoint(place.address, place.port ?? 0))
    }

    func virtualServer() throws(UsageError) -> VirtualServer {
        let id = try identity()
        let isPersistent = given.contains(.persistent)
        let isOnePacket = given.contains(.onePacket)
        if dialect == .commandLine, case .endpoint(let transport, let endpoint) = id {
            if endpoint.port == 0, !isPersistent {
                throw UsageError("only a persistent virtual server (-p) can have port 0, which is every port")
            }
            if isOnePacket, transport != .udp {
                throw UsageError("--ops is for UDP and firewall marks, not for \(transport)")
            }
        }
        var flags = try schedulerFlags()
        if isOnePacket { flags.formUnion(.onePacket) }
        // Always read, as it may be invalid.
        let mask = try persistenceMask(id.family)
        return VirtualServer(
            id,
            scheduler: scheduler,
            flags: flags,
            persistence: isPersistent ? Persistence(timeout: timeout, mask: mask) : nil,
            persistenceEngine: engine
        )
    }

    private func persistenceMask(_ family: IPAddress.Family) throws(UsageError) -> Persistence.Mask? {
        guard let mask else { return nil }
        switch family {
        case .ipv4:
            guard let bytes = (Compatible.ipv4Address(mask) ?? names.address(mask, .ipv4))?.bytes else {
                throw UsageError(
                    "--netmask of an IPv4 virtual server is a mask such as 255.255.255.0, not \(mask.quoted)"
                )
            }
            return .netmask(bytes[0], bytes[1], bytes[2], bytes[3])
        case .ipv6:
            guard let length = Compatible.number(mask, in: 1...128) else {
                throw UsageError("--netmask of an IPv6 virtual server is a length from 1 to 128, not \(mask.quoted)")
            }
            return .prefixLength(UInt8(length))
        }
    }

    private func schedulerFlags() throws(UsageError) -> VirtualServer.Flags {
        guard let flagNames, !flagNames.isEmpty else { return [] }
        let names = flagNames.split(separator: ",").map(String.init)
        guard !names.isEmpty else { throw UsageError("--sched-flags \(flagNames.quoted) names no flag") }
        var flags: VirtualServer.Flags = []
        for name in names { flags.formUnion(try schedulerFlag(name)) }
        return flags
    }

    private func schedulerFlag(_ name: String) throws(UsageError) -> VirtualServer.Flags {
        switch name {
        case "flag-1": return .scheduler1
        case "flag-2": return .scheduler2
        case "flag-3": return .scheduler3
        case "sh-fallback", "sh-port", "mh-fallback", "mh-port":
            guard name.prefix(2) == scheduler.rawValue else {
                throw UsageError("the flag \(name) is none of the scheduler \(scheduler.rawValue.abbreviated)")
            }
            return name.hasSuffix("port") ? .scheduler2 : .scheduler1
        default:
            // Flags of newer kernels, without a name.
            if dialect == .saved, name.hasPrefix("0x"), let bits = UInt32(name.dropFirst(2), radix: 16) {
                return VirtualServer.Flags(rawValue: bits)
            }
            throw UsageError("there is no scheduler flag \(name.quoted)")
        }
    }
}
