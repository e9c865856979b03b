import Common
import IPVS
import IPVSTestModels
import Testing

@testable import ipvsctl

@Suite struct SaveFormTests {
    @Test(arguments: 0..<200 as Range<UInt64>) func aRandomTableComesBackWhole(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        let table = randomTable(&models)
        let text = try SaveForm.write(table)
        #expect(try SaveForm.read(text, names: .none) == table, "seed \(seed):\n\(text)")
        let prefixed = SaveForm.lines(of: text).map { "  ipvsadm\t\($0)\r\n" }.joined()
        #expect(try SaveForm.read("# a comment\n\n" + prefixed, names: .none) == table, "seed \(seed)")
    }

    @Test func namesThatLeadBackAreWritten() throws {
        let text = "-A -t 10.0.0.1:80 -s rr\n-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 1\n-A -t [fd00::1]:443 -s rr\n"
        let table = try SaveForm.read(text, names: .none)
        let written = try SaveForm.write(table, names: .fixed)
        #expect(
            written == """
                -A -t one:http -s rr
                -a -t one:http -r 10.0.0.2:http -m -w 1
                -A -t [six]:443 -s rr

                """
        )
        #expect(try SaveForm.read(written, names: .fixed) == table)
    }

    /// Lines that ipvsadm 1.31 writes with `-S` and can't read, or reads as something else.
    @Test func whatIPVSAdmWritesIsRead() throws {
        let table = try SaveForm.read(
            """
            -A -f -1294967296 -s sh -b 
            -a -f -1294967296 -r 10.0.0.2:0 (null) -w 3
            -A -t 10.0.0.1:0 -s rr
            -a -t 10.0.0.1:0 -r 10.0.0.3:8080 -g -w 1
            -A -t 10.0.0.1:80 -s rr -p 0 -o
            """,
            names: .none
        )
        let mark = VirtualServer(.firewallMark(3_000_000_000), scheduler: .sourceHashing, flags: .scheduler3)
        let real = RealServer(IPAddress(10, 0, 0, 2), 0, forwarding: .bypass, weight: 3)
        let anyPort = VirtualServer(.tcp(IPAddress(10, 0, 0, 1), 0), scheduler: .roundRobin)
        let direct = RealServer(IPAddress(10, 0, 0, 3), 8080, forwarding: .directRouting)
        let onePacket = VirtualServer(
            .tcp(IPAddress(10, 0, 0, 1), 80),
            scheduler: .roundRobin,
            flags: .onePacket,
            persistence: Persistence(timeout: 0)
        )
        let expected = try Table([
            Table.Entry(mark, realServers: [real]), Table.Entry(anyPort, realServers: [direct]),
            Table.Entry(onePacket),
        ])
        #expect(table == expected)
    }

    @Test(arguments: ["a b", "a\nb", "a\rb", "a\u{0}b", "", "ipvsadm"])
    func namesThatAreNoWordAreRefused(name: String) throws {
        var server = VirtualServer(.tcp(IPAddress(10, 0, 0, 1), 80), scheduler: Scheduler(rawValue: name))
        func error() throws -> String? {
            let table = try Table([Table.Entry(server)])
            return #expect(throws: Failure.self) { try SaveForm.write(table) }?.sentences.first
        }
        let beginning = "can't write TCP 10.0.0.1:80 in ipvsadm's form: its"
        #expect(try error() == "\(beginning) scheduler \(name.quoted) is not one word")
        server.scheduler = .roundRobin
        server.persistenceEngine = PersistenceEngine(rawValue: name)
        #expect(try error() == "\(beginning) persistence engine \(name.quoted) is not one word")
    }

    @Test func everyWrongLineIsTold() {
        let error = #expect(throws: SaveForm.ReadingError.self) {
            try SaveForm.read(
                """
                -A -t 10.0.0.1:80 -s rr
                -A -t 10.0.0.1:80 -s wrr
                # -A
                -a -t 10.0.0.1:80 -r 10.0.0.2 -w heavy
                -a -t 10.0.0.1:80 -r 10.0.0.2:80
                -a -t 10.0.0.1:80 -r 10.0.0.2
                -a -u 10.0.0.1:80 -r 10.0.0.2
                -C
                -A -t 10.0.0.3:80 --frob
                """,
                names: .none
            )
        }
        #expect(
            error?.description == """
                line 2: the virtual server TCP 10.0.0.1:80 is in a line above already
                line 4: --weight is a number from 0 to 2147483647, not "heavy"
                line 6: TCP 10.0.0.1:80 has the real server 10.0.0.2:80 already
                line 7: the virtual server UDP 10.0.0.1:80 is in no line above
                line 8: a saved table has virtual servers (-A) and real servers (-a), nothing else
                line 9: there is no option --frob
                """
        )
    }
}

/// A table of up to eight virtual servers with up to six real servers each.
func randomTable(_ models: inout RandomModels) -> Table {
    var table = Table()
    for _ in 0..<models.number(0...UInt8(8)) {
        var service = Table.Entry(models.virtualServer())
        for _ in 0..<models.number(0...UInt8(6)) { service.replace(models.realServer(for: service.server.id)) }
        table.replace(service)
    }
    return table
}

extension Compatible.Names {
    /// `one` is 10.0.0.1, `six` is fd00::1, `http` is port 80, `liar` is 10.0.0.3's name but has another address.
    static let fixed = Self(
        address: { host, family in
            switch (host, family) {
            case ("one", .ipv4), ("liar", .ipv4): IPAddress(10, 0, 0, 1)
            case ("six", .ipv6): IPAddress("fd00::1")
            default: nil
            }
        },
        port: { name, transport in name == "http" && transport == .tcp ? 80 : nil },
        host: { address in
            ["10.0.0.1": "one", "10.0.0.3": "liar", "fd00::1": "six"][address.description]
        },
        service: { port, transport in port == 80 && transport == .tcp ? "http" : nil }
    )
}
