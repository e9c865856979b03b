import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import IPVSTestModels
import Testing

@testable import ipvsctl

extension KernelTests {
    /// Tables that are saved and restored.
    @Suite struct RoundTrips {
        let source: TestNamespace
        let target: TestNamespace

        init() throws {
            (source, target) = (try TestNamespace(), try TestNamespace())
        }

        /// Adds a random table to the kernel, and returns the entries that the kernel accepted.
        private func fill(seed: UInt64, protocols: [TransportProtocol]) throws -> Table {
            var models = RandomModels(seed: seed)
            models.schedulers = [.roundRobin, .weightedRoundRobin, .leastConnection, .sourceHashing, .maglevHashing]
            models.protocols = protocols
            models.engines = [nil, .sip]
            let handle = try source.open()
            // Refused entries are left out: some kernels accept no threshold above 2147483647.
            for _ in 0..<4 {
                let table = randomTable(&models)
                _ = try handle.apply(table, owning: { table[$0] != nil })
            }
            return try handle.table()
        }

        @Test(arguments: 1...6 as ClosedRange<UInt64>) func whatIPVSCtlSavesItRestores(seed: UInt64) throws {
            let table = try fill(seed: seed, protocols: [.tcp, .udp, .sctp, TransportProtocol(rawValue: 47)])
            let saved = try Spawned.ipvsctl(["-S", "-n"], in: source)
            #expect(saved.hasSucceeded, "\(saved.complaint)")
            let restored = try Spawned.ipvsctl(["-R"], in: target, input: saved.output)
            #expect(restored.hasSucceeded, "seed \(seed): \(restored.complaint)")
            #expect(try target.open().table() == table, "seed \(seed):\n\(saved.output)")
        }

        @Test(arguments: 1...4 as ClosedRange<UInt64>) func whatIPVSAdmSavesIPVSCtlRestores(seed: UInt64) throws {
            let table = try fill(seed: seed, protocols: [.tcp, .udp, .sctp])
            let saved = try Spawned.run([Spawned.ipvsadm, "-S", "-n"], in: source)
            let restored = try Spawned.ipvsctl(["-R"], in: target, input: saved.output)
            #expect(restored.hasSucceeded, "seed \(seed): \(restored.complaint)")
            let expected = try Table(table.sortedEntries().map(Self.asIPVSAdmSavesIt))
            #expect(try target.open().table() == expected, "seed \(seed):\n\(saved.output)")
        }

        /// The kernel keeps an engine without persistence, though ipvsadm does not list it; both programs save it.
        @Test func anEngineWithoutPersistence() throws {
            try source.ipvsadm("-A -u 10.0.0.1:5060 -s rr --pe sip")
            #expect(try !source.ipvsadm("-Ln").contains("sip"))
            let sip = VirtualServer(.udp(IPAddress(10, 0, 0, 1), 5060), scheduler: .roundRobin, persistenceEngine: .sip)
            let table = try Table([Table.Entry(sip)])
            #expect(try source.open().table() == table)
            let saved = try Spawned.ipvsctl(["-S", "-n"], in: source).output
            #expect(saved == "-A -u 10.0.0.1:5060 -s rr --pe sip\n")
            #expect(try source.ipvsadm("-Sn") == saved)
            #expect(try Spawned.ipvsctl(["-R"], in: target, input: saved).hasSucceeded)
            #expect(try target.open().table() == table)
        }

        /// A service without the values that ipvsadm does not save.
        private static func asIPVSAdmSavesIt(_ service: Table.Entry) throws -> Table.Entry {
            var server = service.server
            let hasOwnNames = [.sourceHashing, .maglevHashing].contains(server.scheduler)
            // If it is the only value, its absence is visible.
            if hasOwnNames, !server.flags.isDisjoint(with: [.scheduler1, .scheduler2]) {
                server.flags.subtract(.scheduler3)
            }
            let realServers = service.realServers.map { real in
                var real = real
                real.upperThreshold = 0
                real.lowerThreshold = 0
                if real.forwarding == .local { real.forwarding = .directRouting }
                return real
            }
            return try Table.Entry(server, realServers: realServers)
        }

        @Test func aThousandRealServers() throws {
            let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .weightedRoundRobin)
            let realServers = (0..<1_000 as Range<UInt32>).map { index in
                RealServer(IPAddress(ipv4: 0x0af4_0000 + index * 7), 8_080, forwarding: .masquerade, weight: index)
            }
            let table = try Table([Table.Entry(web, realServers: realServers)])
            #expect(try source.open().apply(table).failures.isEmpty)
            for words in [["-Ln"], ["-Ln", "--nosort"], ["-Ln", "--stats"], ["-Sn"]] {
                let expected = try Spawned.run([Spawned.ipvsadm] + words, in: source)
                let listed = try Spawned.ipvsctl(words, in: source)
                #expect(expected.output.split(separator: "\n").count >= 1_001)
                let difference = Pair.difference(expected.output, listed.output)
                #expect(difference == nil, "\(words): \(difference ?? "")")
            }
        }

        /// Lines that arrive in pieces, which need not end where a line does.
        @Test func linesFromASlowPipe() throws {
            let lines = (1...60).map { "-A -t 10.0.0.\($0):80 -s rr\n-a -t 10.0.0.\($0):80 -r 10.1.0.1:80 -m\n" }
            let command = "(dd bs=1000 count=1 2>/dev/null; sleep 0.3; cat) | \(Program.path) -R"
            let result = try Spawned.run(
                ["/bin/sh", "-c", command],
                in: source,
                input: lines.joined() + "-A -f 7 -s rr"
            )
            #expect(result.hasSucceeded && result.complaint.isEmpty, "\(result.complaint)")
            let table = try source.open().table()
            #expect(table.count == 61)
            #expect(table.sortedEntries().dropLast().allSatisfy { $0.realServers.count == 1 })
        }

        /// Every line that failed is reported with its number, and so are lines that are not carried out.
        @Test func whatCouldNotBeRestored() throws {
            let input = """
                # a comment
                -A -t 10.0.0.1:80 -s rr
                -A -t 10.0.0.1:80 -s rr

                -A -t 10.0.0.2:80 --frob
                -a -t 10.0.0.9:80 -r 10.1.0.1
                ipvsctl -A -u 10.0.0.3:53 --pe sip
                --set 1 2 3
                -A -t 10.0.0.4:x
                -A -t 10.0.0.5:80
                """
            let result = try Spawned.ipvsctl(["-R"], in: source, input: input)
            #expect(result.status == 1)
            #expect(
                result.complaint == """
                    ipvsctl: line 3: can't add virtual server TCP 10.0.0.1:80: it exists already
                    ipvsctl: line 5: there is no option --frob
                    ipvsctl: line 6: can't add real server 10.1.0.1:80 to TCP 10.0.0.9:80: no such virtual server
                    ipvsctl: line 9: "x" is not a port, nor a service of TCP
                    ipvsctl: the lines behind line 9 were not carried out

                    """
            )
            let handle = try source.open()
            #expect(
                try handle.table().sortedEntries().map(\.server.id.description) == [
                    "TCP 10.0.0.1:80", "UDP 10.0.0.3:53",
                ]
            )
            #expect(try handle.timeouts() == Timeouts(tcp: 1, tcpFIN: 2, udp: 3))
        }

        /// The end of the input is distinguished from an error, even after an earlier error.
        @Test func theEndIsNoError() throws {
            let complaint = Gathered()
            let output = Compatible.Output(write: { _ in }, complain: { complaint.append($0) }, loss: { nil })
            let session = Compatible.Session(handle: try source.open(), names: .none, output: output)
            let descriptor = Glibc.open("/dev/null", O_RDONLY)
            defer { close(descriptor) }
            errno = ENOENT
            #expect(try Compatible.Restoring.run(session, from: descriptor))
            #expect(complaint.text.isEmpty)
            #expect(try !Compatible.Restoring.run(session, from: -1))
            #expect(complaint.text == "can't read standard input: Bad file descriptor")
        }

        @Test func anotherNamespaceAndJSON() throws {
            let lines = "-A -t 10.0.0.1:80 -s rr -p\n-a -t 10.0.0.1:80 -r 10.1.0.1:8080 -m -w 3\n-A -f 7\n"
            let path = target.path
            let netns = "--netns=\(path)"
            #expect(try Spawned.ipvsctl([netns, "-R"], in: source, input: lines).hasSucceeded)
            #expect(try source.open().table().isEmpty)
            let here = try Spawned.ipvsctl(["-Ln"], in: target)
            #expect(try Spawned.ipvsctl(["-Ln", "--netns", path], in: source) == here)
            #expect(try Spawned.ipvsctl(["--netns", path], in: source) == Spawned.ipvsctl([], in: target))
            let missing = try Spawned.ipvsctl(["--netns", "nosuch", "-L"], in: source)
            #expect(missing.status == 1 && missing.complaint.contains("/run/netns/nosuch"), "\(missing.complaint)")

            let text = try Spawned.ipvsctl(["-L", "--json"], in: target).output
            let document = try JSONDecoder().decode(Compatible.TableDocument.self, from: Data(text.utf8))
            let handle = try target.open()
            #expect(document.kernel == (try handle.info()))
            #expect(document.services.map(\.server) == (try handle.table().sortedEntries().map(\.server)))
            #expect(document.services[0].realServers.map(\.server.weight) == [3])
            let one = try Spawned.ipvsctl(["-L", "-f", "7", "--json"], in: target).output
            #expect(one.contains("\"id\" : \"FWM 7\"") && !one.contains("TCP"))
            let timeouts = try Spawned.ipvsctl(["-L", "--timeout", "--json"], in: target).output
            #expect(try JSONDecoder().decode(Timeouts.self, from: Data(timeouts.utf8)) == handle.timeouts())
            let daemons = try Spawned.ipvsctl(["-L", "--daemon", "--json"], in: target).output
            #expect(try JSONDecoder().decode(Compatible.DaemonsDocument.self, from: Data(daemons.utf8)).daemons.isEmpty)
            #expect(try Spawned.ipvsctl(["-Lc", "--json"], in: target).output == "{\"connections\": [\n]}\n")
        }

        /// The time is printed, not asserted, because it depends on the machine.
        @Test func aThousandServicesWithFiveRealServers() throws {
            var models = RandomModels(seed: 7)
            var table = Table()
            while table.count < 1_000 {
                let address = IPAddress(ipv4: models.number(0x0a00_0000...0x0aff_ffff))
                var service = Table.Entry(VirtualServer(.tcp(address, 80), scheduler: .roundRobin))
                for host in 1...5 as ClosedRange<UInt8> {
                    service.replace(RealServer(IPAddress(10, 244, 0, host), 8_080, forwarding: .masquerade))
                }
                table.replace(service)
            }
            let text = try SaveForm.write(table)
            let clock = ContinuousClock()
            // Both are started once beforehand, so that they are in memory.
            for program in [Spawned.ipvsadm, Program.path] { _ = try Spawned.run([program, "-Ln"], in: source) }
            let theirs = try clock.measure { _ = try Spawned.run([Spawned.ipvsadm, "-R"], in: source, input: text) }
            let ours = try clock.measure {
                let result = try Spawned.ipvsctl(["-R"], in: target, input: text)
                #expect(result.hasSucceeded && result.complaint.isEmpty, "\(result.complaint)")
            }
            print("restoring 1000 services with 5 real servers each: ipvsadm -R \(theirs), ipvsctl -R \(ours)")
            #expect(try source.open().table() == table)
            #expect(try target.open().table() == table)
        }
    }
}
