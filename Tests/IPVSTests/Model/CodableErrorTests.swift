import Testing

@testable import IPVS

@Suite("Invalid JSON")
struct CodableErrorTests {
    /// The coding path and the message of the error that decoding throws.
    private func failure<Value: Decodable>(
        _ text: String,
        as _: Value.Type,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let error = try #require(throws: DecodingError.self, sourceLocation: sourceLocation) {
            _ = try decode(text, as: Value.self)
        }
        func place(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        switch error {
        case .dataCorrupted(let context): return "\(place(context.codingPath)): \(context.debugDescription)"
        case .keyNotFound(let key, let context): return "\(place(context.codingPath)): no \(key.stringValue)"
        case .typeMismatch(_, let context): return "\(place(context.codingPath)): another type"
        case .valueNotFound(_, let context): return "\(place(context.codingPath)): null"
        @unknown default: return "\(error)"
        }
    }

    @Test(
        "A virtual server's error has the coding path and a message",
        arguments: [
            ("{}", ": no id"),
            (#"{"id":"TCP 10.0.0.1"}"#, #"id: "TCP 10.0.0.1" is not a valid VirtualServer.Identity"#),
            (#"{"id":"FWM 0"}"#, #"id: "FWM 0" is not a valid VirtualServer.Identity"#),
            (#"{"id":7}"#, "id: another type"),
            (#"{"id":"FWM 7","scheduler":1}"#, "scheduler: another type"),
            (#"{"id":"FWM 7","flags":["ops","x"]}"#, #"flags: "x" is not a flag of a virtual server"#),
            (#"{"id":"FWM 7","flags":["0x+40"]}"#, #"flags: "0x+40" is not a flag of a virtual server"#),
            (#"{"id":"FWM 7","flags":"ops"}"#, "flags: another type"),
            (
                #"{"id":"FWM 7","persistence":{"timeout":1,"mask":"24.0"}}"#,
                #"persistence.mask: "24.0" is not a valid Persistence.Mask"#
            ),
            (#"{"id":"FWM 7","persistence":{"timeout":1,"mask":24}}"#, "persistence.mask: another type"),
        ] as [(String, String)]
    )
    func virtualServer(text: String, words: String) throws {
        #expect(try failure(text, as: VirtualServer.self) == words)
    }

    @Test(
        "A real server's error has the coding path and a message",
        arguments: [
            (#"{"forwarding":"local"}"#, ": no endpoint"),
            (#"{"endpoint":"10.0.0.1:1"}"#, ": no forwarding"),
            (
                #"{"endpoint":"10.0.0.1","forwarding":"local"}"#,
                #"endpoint: "10.0.0.1" is not a valid Endpoint"#
            ),
            (
                #"{"endpoint":"10.0.0.1:1","forwarding":"nat"}"#,
                #"forwarding: "nat" is not a forwarding method"#
            ),
            (#"{"endpoint":"10.0.0.1:1","forwarding":{}}"#, "forwarding: no tunnel"),
            (#"{"endpoint":"10.0.0.1:1","forwarding":{"tunnel":{}}}"#, "forwarding.tunnel: no kind"),
            (
                #"{"endpoint":"10.0.0.1:1","forwarding":{"tunnel":{"kind":"vxlan"}}}"#,
                #"forwarding.tunnel.kind: "vxlan" is not a valid Tunnel.Kind"#
            ),
            (
                #"{"endpoint":"10.0.0.1:1","forwarding":{"tunnel":{"kind":"ipip","port":1}}}"#,
                "forwarding.tunnel.kind: a tunnel of kind ipip has no such port or checksum"
            ),
            (
                #"{"endpoint":"10.0.0.1:1","forwarding":{"tunnel":{"kind":"gre","checksum":"remote"}}}"#,
                "forwarding.tunnel.kind: a tunnel of kind gre has no such port or checksum"
            ),
            (
                #"{"endpoint":"10.0.0.1:1","forwarding":{"tunnel":{"kind":"gre","port":1}}}"#,
                "forwarding.tunnel.kind: a tunnel of kind gre has no such port or checksum"
            ),
        ] as [(String, String)]
    )
    func realServer(text: String, words: String) throws {
        let found = try failure(text, as: RealServer.self)
        // Whether the coding path of a custom error includes its key is up to the decoder.
        #expect(found == words || found == words.replacing("tunnel.kind:", with: "tunnel:"))
    }

    @Test("Other invalid texts")
    func texts() throws {
        #expect(try failure(#""10.0.0.256""#, as: IPAddress.self) == #": "10.0.0.256" is not a valid IPAddress"#)
        #expect(try failure(#""IPv5""#, as: IPAddress.Family.self) == #": "IPv5" is not a valid IPAddress.Family"#)
        #expect(try failure(#""ICMP""#, as: TransportProtocol.self) == #": "ICMP" is not a valid TransportProtocol"#)
        #expect(try failure(#""both""#, as: SyncDaemon.Role.self) == #": "both" is not a valid SyncDaemon.Role"#)
        #expect(try failure(#""1.2""#, as: KernelInfo.Version.self) == #": "1.2" is not a valid KernelInfo.Version"#)
        #expect(try failure(#""half""#, as: Tunnel.Checksum.self) == #": "half" is not a valid Tunnel.Checksum"#)
        #expect(try failure(#"{"interface":"lo","syncID":1}"#, as: SyncDaemon.self) == ": no role")
        #expect(try failure(#"{"role":"master","syncID":1}"#, as: SyncDaemon.self) == ": no interface")
    }
}
