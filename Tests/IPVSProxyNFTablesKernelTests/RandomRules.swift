import IPVS
import IPVSProxy
import IPVSTestModels

/// Random packet rules: the same for the same seed.
struct RandomRules {
    private var models: RandomModels

    init(seed: UInt64) { models = RandomModels(seed: seed) }

    private static let names = ["web", "api", "a_b", "a/b", "ä \"x\" {", "", String(repeating: "long-", count: 60)]
        .flatMap { name in ["", "http", "_"].map { ServicePortName(NamespacedName("default", name), port: $0) } }

    private static let blocks = [
        "10.0.0.0/8", "10.0.0.0/7", "192.0.2.1/32", "0.0.0.0/0", "fd00::/8", "2001:db8::/33", "::/0", "172.16.0.0/12",
        "172.32.0.0/12",
    ].compactMap { IPAddress.Block($0) }

    /// Changes some elements, source ranges or options.
    mutating func change(_ rules: PacketRules) -> PacketRules {
        var (options, elements, ranges) = (rules.options, rules.elements, rules.sourceRanges)
        if models.once(in: 4) { options = self.options() }
        if models.once(in: 10) { elements = [:] }
        for _ in 0..<models.pick([0, 1, 5, 20]) {
            let name = models.pick(Self.names)
            let inUse = elements.values.contains(.sourceRanges(name))
            if ranges[name] == nil || models.once(in: 2) {
                ranges[name] = blocks()
            } else if !inUse {
                ranges[name] = nil
            }
        }
        for _ in 0..<models.pick([0, 1, 10, 100]) {
            let (key, value) = element(ranges.keys.sorted())
            if let value { elements[key] = value }
        }
        for key in elements.keys where models.once(in: 5) { elements[key] = nil }
        return PacketRules(options, elements: elements, sourceRanges: ranges)
    }

    /// Blocks of which none is within another one.
    private mutating func blocks() -> [IPAddress.Block] {
        var result: [IPAddress.Block] = []
        for block in models.shuffled(Self.blocks).prefix(models.pick([0, 1, 2, 4])) {
            let overlaps = result.contains { $0.contains(block.first) || block.contains($0.first) }
            if !overlaps { result.append(block) }
        }
        return result
    }

    private mutating func options() -> PacketRules.Options {
        var options = PacketRules.Options()
        options.masqueradeBit = models.pick([0, 14, 15, 31])
        options.masqueradesAll = models.once(in: 3)
        options.pods = models.pick([
            .none, .sources(Self.blocks), .sources([]), .sources(blocks()), .bridge("cni0"), .interfacePrefix("veth"),
        ])
        return options
    }

    private mutating func element(_ names: [ServicePortName]) -> (PacketRules.Key, PacketRules.Value?) {
        let family = models.family()
        let address = models.pick(Self.addresses.filter { $0.family == family })
        let transport = models.pick([TransportProtocol.tcp, .udp, .sctp])
        let destination = PacketRules.Destination(transport, Endpoint(address, models.pick([0, 1, 80, 443, 65_535])))
        let target = Endpoint(models.pick(Self.addresses.filter { $0.family == family }), models.pick([1, 80]))
        return switch models.pick(Array(0..<10)) {
        case 0: (.clusterIP(destination), PacketRules.Value.none)
        case 1: (.external(destination), PacketRules.Value.none)
        case 2: (.local(destination), PacketRules.Value.none)
        case 3: (.unserved(destination), PacketRules.Value.none)
        case 8: (.refused(destination), PacketRules.Value.none)
        case 4: (.redirect(destination), .endpoint(target))
        case 5: (.restricted(destination), names.isEmpty ? nil : .sourceRanges(models.pick(names)))
        case 6: (.address(address), PacketRules.Value.none)
        case 7: (.hairpin(address), PacketRules.Value.none)
        default: (.healthCheckPort(models.pick([0, 1, 30_000, 65_535])), PacketRules.Value.none)
        }
    }

    private static let addresses = [
        "0.0.0.0", "10.96.0.1", "10.96.0.10", "192.0.2.1", "255.255.255.255", "::", "::1", "fd00::1", "::ffff:10.0.0.1",
        "2001:db8::1:0:0:1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ].compactMap { IPAddress($0) }
}
