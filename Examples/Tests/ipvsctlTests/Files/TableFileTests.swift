import Foundation
import IPVS
import IPVSTestModels
import Testing

@testable import ipvsctl

@Suite("Tables in files")
struct TableFileTests {
    private static func table(seed: UInt64) -> Table {
        var models = RandomModels(seed: seed)
        var table = Table()
        for _ in 0..<models.number(0...UInt8(30)) {
            let server = models.virtualServer()
            var service = Table.Entry(server)
            for _ in 0..<models.number(0...UInt8(6)) { service.replace(models.realServer(for: server.id)) }
            table.replace(service)
        }
        return table
    }

    @Test(arguments: Format.allCases, 1...15)
    func aRoundTripLosesNothing(format: Format, seed: UInt64) throws {
        let table = Self.table(seed: seed)
        let text = try table.text(format)
        // The format follows from the name, from the option and, if there is any, from the content.
        let named = try TemporaryFile(text, suffix: ".\(format)")
        #expect(try TableFile(path: named.path).read() == table)
        let nameless = try TemporaryFile(text)
        #expect(try TableFile(path: nameless.path, format: format).read() == table)
        if !text.isEmpty { #expect(try TableFile(path: nameless.path).read() == table) }
        #expect(try table.text(format) == text)
    }

    @Test func aMarkOfUTF8IsPassedOver() throws {
        let table = Self.table(seed: 4)
        try #require(!table.isEmpty)
        for format in Format.allCases {
            let file = try TemporaryFile("\u{feff}" + table.text(format))
            #expect(try TableFile(path: file.path).read() == table)
        }
    }

    @Test func formsByName() {
        for (path, format) in [
            ("a.json", .json), ("/x.y/a.JSON", .json), ("a.yaml", .yaml), ("a.yml", .yaml), ("a.ipvsadm", .ipvsadm),
            ("/etc/ipvsadm.rules", .ipvsadm), ("a.save", .ipvsadm), ("-", nil), ("json", nil), ("a.txt", nil),
            ("", nil),
        ] as [(String, Format?)] {
            #expect(Format(path: path) == format, "\(path)")
        }
    }

    @Test func formsByContent() {
        for (text, format) in [
            ("{", .json), ("[]", .json), ("\n  {}", .json), ("services:", .yaml), ("# -A\n---\nservices:", .yaml),
            ("- a", .yaml),
            ("-", .yaml),
            ("-A -t 10.0.0.1:80", .ipvsadm), ("# saved\n\n  --add-service", .ipvsadm), ("ipvsadm -A -f 7", .ipvsadm),
            ("", nil), ("\n \n# nothing\n", nil),
        ] as [(String, Format?)] {
            #expect(Format(text: text) == format, "\(text)")
        }
    }

    @Test func whatIsLeftOutHasItsDefault() throws {
        let text = """
            # Shared by both; see the aliases.
            services:
              - id: TCP 10.96.0.1:80
                realServers: &web
                  - endpoint: 10.244.1.5:8080
                    forwarding: masquerade
              - {id: fwm 7, scheduler: rr, persistence: {mask: 255.255.255.255}, realServers: *web}
              - id: "UDP [fd00::1]:53"
                persistence: {timeout: 60, mask: 64}
                flags: []
            """
        let real = RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade)
        let six = VirtualServer(
            .udp(try #require(IPAddress("fd00::1")), 53),
            persistence: Persistence(timeout: 60, mask: .prefixLength(64))
        )
        #expect(
            try Table(yaml: text)
                == Table([
                    Table.Entry(VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80)), realServers: [real]),
                    Table.Entry(
                        VirtualServer(.firewallMark(7), scheduler: .roundRobin, persistence: Persistence()),
                        realServers: [real]
                    ),
                    Table.Entry(six),
                ])
        )
    }

    @Test func jsonWithTabsAndEscapes() throws {
        let text =
            "{\n\t\"services\": [\n\t\t{\"id\": \"TCP\\u002010.96.0.1:80\",\t\"scheduler\":\"\\u0072r\"}\r\n\t]\n}\n"
        let server = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
        #expect(try Table(json: text) == Table([Table.Entry(server)]))
    }

    @Test func emptyTables() throws {
        #expect(try Table(yaml: "services: []") == Table())
        #expect(try Table(saved: " # none\n\n") == Table())
        for text in ["", " \r\n\t", "ipvsadm\n"] { #expect(throws: TableFile.Refusal.self) { try Table(saved: text) } }
        #expect(try Table(json: "{\"services\": []}\n") == Table())
    }

    /// The shapes have every field that the library codes, and no others.
    @Test func shapesAreTheModels() throws {
        var table = Table()
        var models = RandomModels(seed: 9)
        for _ in 0..<500 {
            let server = models.virtualServer()
            var service = Table.Entry(server)
            for _ in 0..<4 { service.replace(models.realServer(for: server.id)) }
            table.replace(service)
        }
        let json = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(table))
        let root = try #require(json as? [String: Any])
        let services = try #require(root["services"] as? [[String: Any]])
        let reals = services.flatMap { $0["realServers"] as? [[String: Any]] ?? [] }
        #expect(Self.names(.table) == Set(root.keys))
        #expect(Self.names(.service) == Set(services.flatMap(\.keys)))
        #expect(Self.names(.realServer) == Set(reals.flatMap(\.keys)))
        let persistence = services.compactMap { $0["persistence"] as? [String: Any] }
        #expect(Self.names(Self.field("persistence", of: .service)) == Set(persistence.flatMap(\.keys)))
        let forwarding = reals.compactMap { $0["forwarding"] as? [String: Any] }
        #expect(Self.names(Self.field("forwarding", of: .realServer)) == Set(forwarding.flatMap(\.keys)))
        let tunnels = forwarding.compactMap { $0["tunnel"] as? [String: Any] }
        let tunnel = Self.field("forwarding", of: .realServer).flatMap { Self.field("tunnel", of: $0) }
        #expect(Self.names(tunnel) == Set(tunnels.flatMap(\.keys)))
    }

    private static func fields(_ shape: Shape?) -> [Shape.Field] {
        switch shape {
        case .object(let fields), .textOrObject(_, _, let fields): fields
        default: []
        }
    }

    private static func names(_ shape: Shape?) -> Set<String> { Set(fields(shape).map(\.name)) }

    private static func field(_ name: String, of shape: Shape) -> Shape? {
        fields(shape).first { $0.name == name }?.shape
    }
}
