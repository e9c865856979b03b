import IPVS
import IPVSProxy

/// Rules with elements of every kind, for both families.
func sampleRules() -> PacketRules {
    let web = ServicePortName(NamespacedName("default", "web"), port: "http")
    var elements: [PacketRules.Key: PacketRules.Value] = [.healthCheckPort(30_900): PacketRules.Value.none]
    for (address, other) in [("10.96.0.1", "192.0.2.1"), ("fd00::1", "2001:db8::1")] {
        guard let address = IPAddress(address), let other = IPAddress(other) else { continue }
        for transport in [TransportProtocol.tcp, .udp, .sctp] {
            let (inner, outer) = (Endpoint(address, 80), Endpoint(other, 8080))
            elements[.clusterIP(.init(transport, inner))] = PacketRules.Value.none
            elements[.external(.init(transport, Endpoint(other, 1)))] = PacketRules.Value.none
            elements[.local(.init(transport, outer))] = PacketRules.Value.none
            elements[.unserved(.init(transport, outer))] = PacketRules.Value.none
            elements[.refused(.init(transport, outer))] = PacketRules.Value.none
            elements[.redirect(.init(transport, outer))] = .endpoint(inner)
            elements[.restricted(.init(transport, outer))] = .sourceRanges(web)
        }
        elements[.address(address)] = PacketRules.Value.none
        elements[.hairpin(other)] = PacketRules.Value.none
    }
    let blocks = ["192.0.2.0/24", "198.51.100.0/25"].compactMap { IPAddress.Block($0) }
    return PacketRules(elements: elements, sourceRanges: [web: blocks])
}
