import Foundation
import IPVS
import IPVSTestKernel
import Testing

@testable import ipvsctl

extension KernelTests {
    /// Listings with counts of real traffic: clients in one namespace, the balancer and the real servers in
    /// another.
    @Suite struct TrafficListings {
        let balancer: TestNamespace
        let clients: TestNamespace
        let handle: Handle

        private static let (web, dns) = (IPAddress(10, 9, 0, 10), IPAddress(10, 9, 0, 11))
        private static let (first, second) = (IPAddress(10, 9, 0, 21), IPAddress(10, 9, 0, 22))

        init() throws {
            (balancer, clients) = (try TestNamespace(), try TestNamespace())
            handle = try balancer.open()
            try balancer.run("ip", "link", "add", "inside", "type", "veth", "peer", "outside", "netns", clients.path)
            for host in [1, 10, 11, 21, 22] {
                try balancer.run("ip", "address", "add", "10.9.0.\(host)/24", "dev", "inside")
            }
            try balancer.run("ip", "link", "set", "inside", "up")
            try clients.run("ip", "address", "add", "10.9.0.2/24", "dev", "outside")
            try clients.run("ip", "link", "set", "outside", "up")
        }

        /// Adds the virtual servers: TCP with persistence and two real servers, and UDP.
        private func fill() throws {
            let web = VirtualServer(
                .tcp(Self.web, 80),
                scheduler: .roundRobin,
                persistence: Persistence(timeout: 300, mask: .netmask(255, 255, 255, 255))
            )
            try handle.add(web)
            for host in [Self.first, Self.second] {
                try handle.add(RealServer(host, 8080, forwarding: .masquerade, weight: 3), to: web.id)
            }
            let dns = VirtualServer(.udp(Self.dns, 53), scheduler: .weightedRoundRobin, flags: .onePacket)
            try handle.add(dns)
            try handle.add(RealServer(Self.first, 5353, forwarding: .masquerade), to: dns.id)
        }

        /// Sends a thousand datagrams, so that there are numbers of five digits and rates above zero.
        private func sendDatagrams() throws {
            let place = clients.descriptor
            try onThread {
                guard enterNamespace(place) == 0 else { throw TestFailure("setns: \(errno)") }
                let text = String(repeating: "x", count: 1_000)
                for _ in 0..<1_000 { try sendDatagram(text, to: (0x0a09_000b, 53), from: (0x0a09_0002, 0)) }
            }
        }

        @Test func countersRatesAndConnections() throws {
            try fill()
            let servers = try [0x0a09_0015, 0x0a09_0016].map { try EchoServer(balancer, at: $0, port: 8080) }
            defer { withExtendedLifetime(servers) {} }
            let connections = try (0..<5).map { _ in try TestConnection(clients, to: 0x0a09_000a, port: 80) }
            for _ in 0..<50 { for connection in connections { #expect(connection.isAlive()) } }
            try sendDatagrams()
            try eventually {
                let statistics = try handle.virtualServers().map(\.statistics)
                return statistics.allSatisfy { $0.incomingPackets >= 250 && $0.rates.incomingBytes > 0 }
                    && statistics.contains { $0.incomingBytes > 1_000_000 }
            }

            for words in [
                ["-Ln", "--rate"], ["-Ln", "--rate", "--exact"], ["-Ln"], ["-Ln", "--stats"],
                ["-Ln", "--stats", "--exact"], ["-Ln", "--persistent-conn"], ["-Ln", "--thresholds"], ["-Lnc"], ["-Lc"],
                ["-Lnc", "--persistent-conn"],
            ] {
                let text = try unchanging(words)
                #expect(text.contains("10.9.0.10:80") || words.contains("-Lc"))
            }
            let text = try Spawned.ipvsctl(["-Lc", "--json"], in: balancer).output
            let document = try JSONDecoder().decode([String: [ConnectionEntry]].self, from: Data(text.utf8))
            #expect(document["connections"]?.filter { $0.state == .established }.count == 5)
            for connection in connections { connection.close() }
        }

        /// Compares a listing while only the time changes, with ipvsadm's before and after.
        private func unchanging(_ words: [String]) throws -> String {
            var result = ""
            try eventually(every: 10_000) {
                let before = Timeless(try Spawned.run([Spawned.ipvsadm] + words, in: balancer).output)
                let ours = try Spawned.ipvsctl(words, in: balancer)
                let after = Timeless(try Spawned.run([Spawned.ipvsadm] + words, in: balancer).output)
                // A template's time starts again when it has expired.
                let hasRunOn = zip(before.seconds, after.seconds).allSatisfy { $0 >= $1 }
                guard before.text == after.text, hasRunOn else { return false }
                let listed = Timeless(ours.output)
                let difference = Pair.difference(before.text, listed.text)
                #expect(difference == nil, "\(words): \(difference ?? "")\(ours.complaint)")
                let bounds = zip(after.seconds, before.seconds).map { $0...$1 }
                #expect(zip(bounds, listed.seconds).allSatisfy { $0.contains($1) }, "\(words): \(ours.output)")
                result = ours.output
                return true
            }
            return result
        }
    }
}

/// A listing in two parts: the remaining time of each connection, and the rest.
private struct Timeless {
    private(set) var text = ""
    private(set) var seconds: [Int] = []

    init(_ listing: String) {
        for line in listing.components(separatedBy: "\n") {
            var words = line.components(separatedBy: " ")
            // A connection's second word is a time such as 14:59.
            let time = words.count > 1 ? words[1].split(separator: ":").compactMap { Int($0) } : []
            if time.count == 2 {
                seconds.append(time[0] * 60 + time[1])
                words[1] = String(repeating: "0", count: words[1].count)
            }
            text += words.joined(separator: " ") + "\n"
        }
    }
}
