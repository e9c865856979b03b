public import IPVS

/// Random models that the library accepts, often with values at the ends of ranges: the same for the same seed.
public struct RandomModels {
    private var generator: SplitMix64

    /// The schedulers that virtual servers get.
    public var schedulers: [Scheduler] =
        Self.allSchedulers + [Scheduler(rawValue: "x"), Scheduler(rawValue: "fifteen-letters")]

    /// The protocols that virtual servers get.
    public var protocols: [TransportProtocol] = [.tcp, .udp, .sctp, TransportProtocol(rawValue: 47)]

    /// The persistence engines that virtual servers get; nil is none.
    public var engines: [PersistenceEngine?] = [nil, nil, nil, .sip, PersistenceEngine(rawValue: "sixteen-letters!")]

    /// All flags that a virtual server can have here.
    public var flags: VirtualServer.Flags = [.onePacket, .scheduler1, .scheduler2, .scheduler3]

    /// Creates a source of models that depend on a seed only.
    public init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    /// All schedulers of the kernel.
    public static let allSchedulers: [Scheduler] = [
        .roundRobin, .weightedRoundRobin, .leastConnection, .weightedLeastConnection, .localityBasedLeastConnection,
        .localityBasedLeastConnectionWithReplication, .destinationHashing, .sourceHashing, .maglevHashing,
        .shortestExpectedDelay, .neverQueue, .weightedFailover, .weightedOverflow, .powerOfTwoChoices,
    ]
}

extension RandomModels {
    /// True once in a number of times on average.
    public mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &generator) == 0 }

    /// Returns any of several values.
    public mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &generator)]
    }

    /// Returns a number of a range: either end, a small one, or any.
    public mutating func number<Value: FixedWidthInteger & UnsignedInteger>(_ range: ClosedRange<Value>) -> Value {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: range.lowerBound
        case 1: range.upperBound
        case 2, 3: .random(in: range.lowerBound...min(range.upperBound, range.lowerBound + 16), using: &generator)
        default: .random(in: range, using: &generator)
        }
    }

    /// Returns a number of bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in .random(in: 0...255, using: &generator) }
    }

    /// Returns values in any order.
    public mutating func shuffled<Value>(_ values: [Value]) -> [Value] { values.shuffled(using: &generator) }
}

extension RandomModels {
    /// Returns either family.
    public mutating func family() -> IPAddress.Family { pick([.ipv4, .ipv6]) }

    /// Returns any address, often one that is easily mistaken for another family or another length.
    public mutating func address(_ family: IPAddress.Family) -> IPAddress {
        switch family {
        case .ipv4:
            return IPAddress(ipv4: number(0...UInt32.max))
        case .ipv6:
            var bytes = bytes(16)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                // Runs of zeros, which the text form shortens.
                for word in 0..<8 where once(in: 2) { bytes.replaceSubrange(word * 2..<word * 2 + 2, with: [0, 0]) }
            case 1:
                bytes.replaceSubrange(4..., with: repeatElement(0, count: 12))
            case 2:
                bytes.replaceSubrange(..<12, with: repeatElement(0, count: 10) + [0xff, 0xff])
            default:
                break
            }
            return IPAddress(bytes: bytes) ?? IPAddress(0, 0, 0, 0)
        }
    }

    /// Returns an address that a host can have.
    public mutating func hostAddress(_ family: IPAddress.Family) -> IPAddress {
        while true {
            let address = address(family)
            let first = address.bytes[0]
            let unspecified = address.bytes.allSatisfy { $0 == 0 }
            let host = family == .ipv4 ? (1...223).contains(first) : first != 0xff && !unspecified
            if host { return address }
        }
    }

    /// Returns a multicast group.
    public mutating func group() -> IPAddress {
        var bytes = address(family()).bytes
        bytes[0] = bytes.count == 4 ? 0xe0 | bytes[0] & 0x0f : 0xff
        return IPAddress(bytes: bytes) ?? IPAddress(224, 0, 0, 81)
    }
}

extension RandomModels {
    /// Returns the identity of a virtual server: an endpoint, or a firewall mark now and then.
    public mutating func identity() -> VirtualServer.Identity {
        let family = family()
        if once(in: 4) { return .firewallMark(number(1...UInt32.max), family) }
        return .endpoint(pick(protocols), Endpoint(address(family), number(0...UInt16.max)))
    }

    /// Returns a virtual server with all optional values.
    public mutating func virtualServer() -> VirtualServer {
        let id = identity()
        return VirtualServer(
            id,
            scheduler: pick(schedulers),
            flags: VirtualServer.Flags(rawValue: number(0...UInt32.max)).intersection(flags),
            persistence: once(in: 2) ? nil : persistence(id.family),
            persistenceEngine: pick(engines)
        )
    }

    /// Returns a persistence for virtual servers of a family.
    public mutating func persistence(_ family: IPAddress.Family) -> Persistence {
        Persistence(timeout: number(0...Persistence.maximumTimeout), mask: mask(family))
    }

    /// Returns a mask for clients of a family.
    public mutating func mask(_ family: IPAddress.Family) -> Persistence.Mask? {
        switch family {
        case .ipv4:
            let bytes = IPAddress(ipv4: UInt32.max << number(0...UInt32(31))).bytes
            return .netmask(bytes[0], bytes[1], bytes[2], bytes[3])
        case .ipv6:
            return .prefixLength(number(1...UInt8(128)))
        }
    }

    /// Returns a real server for a virtual server.
    public mutating func realServer(for id: VirtualServer.Identity) -> RealServer {
        let forwarding = forwardingMethod()
        var family = id.family
        // Only a tunnel can lead to another family.
        if case .tunnel = forwarding, once(in: 3) { family = family == .ipv4 ? .ipv6 : .ipv4 }
        let upper = number(0...UInt32.max)
        return RealServer(
            Endpoint(hostAddress(family), number(0...UInt16.max)),
            forwarding: forwarding,
            weight: number(0...UInt32(Int32.max)),
            upperThreshold: upper,
            lowerThreshold: number(0...upper)
        )
    }

    /// Returns a forwarding method, with any kind of tunnel.
    public mutating func forwardingMethod() -> ForwardingMethod {
        pick([.masquerade, .local, .directRouting, .bypass, .tunnel(tunnel()), .tunnel(tunnel())])
    }

    /// Returns a tunnel of any kind.
    public mutating func tunnel() -> Tunnel {
        let port: UInt16 = number(1...UInt16.max)
        return pick([.ipip, .gue(port: port, checksum: pick([.none, .full, .remote])), .gre(checksum: once(in: 2))])
    }
}

extension RandomModels {
    /// Returns timeouts, some of which are not set.
    public mutating func timeouts() -> Timeouts {
        Timeouts(tcp: timeout(), tcpFIN: timeout(), udp: timeout())
    }

    private mutating func timeout() -> UInt32? { once(in: 4) ? nil : number(1...UInt32(Int32.max)) }

    /// Returns a sync daemon of either role.
    public mutating func syncDaemon() -> SyncDaemon {
        SyncDaemon(
            pick([.master, .backup]),
            interface: pick(["lo", "eth0", "fifteen-letters"]),
            syncID: number(0...UInt32(255)),
            maximumLength: once(in: 2) ? nil : number(1...UInt16.max),
            group: once(in: 2) ? nil : group(),
            port: once(in: 2) ? nil : number(1...UInt16.max),
            timeToLive: once(in: 2) ? nil : number(1...UInt8.max)
        )
    }

    /// Returns counters; for kernels without 64-bit ones, only the bytes use more than 32 bits.
    public mutating func statistics(narrow: Bool = false) -> Statistics {
        let limit: UInt64 = narrow ? UInt64(UInt32.max) : .max
        var statistics = Statistics()
        statistics.connections = number(0...limit)
        statistics.incomingPackets = number(0...limit)
        statistics.outgoingPackets = number(0...limit)
        statistics.incomingBytes = number(0...UInt64.max)
        statistics.outgoingBytes = number(0...UInt64.max)
        statistics.rates.connections = number(0...limit)
        statistics.rates.incomingPackets = number(0...limit)
        statistics.rates.outgoingPackets = number(0...limit)
        statistics.rates.incomingBytes = number(0...limit)
        statistics.rates.outgoingBytes = number(0...limit)
        return statistics
    }
}
