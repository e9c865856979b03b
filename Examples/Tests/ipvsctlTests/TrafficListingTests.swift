import Foundation
import IPVS
import Testing

@testable import ipvsctl

extension KernelTests {
    /// Listings of what real traffic was counted by.
    @Suite struct TrafficListings {
        @Test func countersRatesAndConnections() throws {
            let namespace = try TestNamespace()
            let handle = try namespace.open()
            let server = try EchoServer(namespace, port: 8080)
            defer { withExtendedLifetime(server) {} }
            let web = VirtualServer(
                .tcp(IPAddress(127, 0, 0, 10), 80),
                scheduler: .roundRobin,
                persistence: Persistence(timeout: 300)
            )
            try handle.add(web)
            try handle.add(RealServer(IPAddress(127, 0, 0, 1), 8080, forwarding: .masquerade), to: web.id)
            let connections = try (0..<5).map { _ in try TestConnection(namespace, to: 0x7f00_000a, port: 80) }
            for _ in 0..<50 { for connection in connections { #expect(connection.isAlive()) } }
            try eventually { try (handle.virtualServer(web.id)?.statistics.incomingPackets ?? 0) >= 250 }

            for words in [
                ["-Ln"], ["-Ln", "--stats"], ["-Ln", "--stats", "--exact"], ["-Ln", "--rate"],
                ["-Ln", "--rate", "--exact"],
                ["-Ln", "--persistent-conn"], ["-Ln", "--thresholds"], ["-Lnc"], ["-Lc"],
                ["-Lnc", "--persistent-conn"],
            ] {
                let text = try unchanging(words, in: namespace)
                #expect(text.contains("127.0.0.10:80") || words.contains("-Lc"))
            }
            let text = try Pair.inProcess(["-Lc", "--json"], in: namespace).output
            let document = try JSONDecoder().decode([String: [ConnectionEntry]].self, from: Data(text.utf8))
            #expect(document["connections"]?.filter { $0.state == .established }.count == 5)
            for connection in connections { connection.close() }
        }

        /// Compares a listing while nothing changes: what ipvsadm says before and after.
        private func unchanging(_ words: [String], in namespace: TestNamespace) throws -> String {
            var result = ""
            try eventually(every: 10_000) {
                let before = try Spawned.run([Spawned.ipvsadm] + words, in: namespace).output
                // In this process it is quick enough to fall into one second.
                let ours = try Pair.inProcess(words, in: namespace)
                let after = try Spawned.run([Spawned.ipvsadm] + words, in: namespace).output
                guard before == after else { return false }
                let difference = Pair.difference(before, ours.output)
                #expect(difference == nil, "\(words): \(difference ?? "")\(ours.complaint)")
                result = before
                return true
            }
            return result
        }
    }
}
