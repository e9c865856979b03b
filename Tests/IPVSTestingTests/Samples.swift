import IPVS
import IPVSTesting
import Testing

let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
let dns = VirtualServer(
    .udp(IPAddress(10, 96, 0, 10), 53),
    flags: .onePacket,
    persistence: Persistence(timeout: 60, mask: .netmask(255, 255, 255, 0)),
    persistenceEngine: .sip
)
let six = VirtualServer(.firewallMark(7, .ipv6), persistence: Persistence(timeout: 60, mask: .prefixLength(64)))
let real = RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade, weight: 3)
let tunnel = RealServer(
    IPAddress(10, 244, 1, 6),
    80,
    forwarding: .tunnel(.gue(port: 6080, checksum: .remote)),
    upperThreshold: 9,
    lowerThreshold: 4
)

/// Expects that an operation throws an error with a code.
func expectError(
    _ code: IPVSError.Code,
    errno: Int32? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    let error = #expect(throws: IPVSError.self, sourceLocation: sourceLocation) { try body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    if let errno { #expect(error?.errno == errno, sourceLocation: sourceLocation) }
}
