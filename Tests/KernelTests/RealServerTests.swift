import IPVS
import IPVSTestKernel
import Testing

extension KernelTests {
    @Suite struct RealServers {
        let namespace: TestNamespace
        let handle: Handle
        let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .weightedRoundRobin)

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
            try handle.add(web)
        }

        /// Each kind of real server, and ipvsadm's saved form, which has no thresholds.
        static let kinds: [(server: RealServer, saved: String)] = [
            (RealServer(IPAddress(10, 244, 1, 1), 8080, forwarding: .masquerade), "10.244.1.1:8080 -m -w 1"),
            (
                RealServer(IPAddress(10, 244, 1, 2), 8080, forwarding: .masquerade, weight: 2_147_483_647),
                "10.244.1.2:8080 -m -w 2147483647"
            ),
            (RealServer(IPAddress(10, 244, 1, 3), 0, forwarding: .masquerade, weight: 0), "10.244.1.3:0 -m -w 0"),
            (
                RealServer(IPAddress(192, 0, 2, 1), 80, forwarding: .directRouting, weight: 70_000),
                "192.0.2.1:80 -g -w 70000"
            ),
            (
                RealServer(IPAddress(192, 0, 2, 2), 80, forwarding: .tunnel(.ipip)),
                "192.0.2.2:80 -i -w 1 --tun-type ipip"
            ),
            (
                RealServer(IPAddress(192, 0, 2, 3), 80, forwarding: .tunnel(.gue(port: 6080))),
                "192.0.2.3:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum"
            ),
            (
                RealServer(IPAddress(192, 0, 2, 4), 80, forwarding: .tunnel(.gue(port: 6081, checksum: .full))),
                "192.0.2.4:80 -i -w 1 --tun-type gue --tun-port 6081 --tun-csum"
            ),
            (
                RealServer(IPAddress(192, 0, 2, 5), 80, forwarding: .tunnel(.gue(port: 65_535, checksum: .remote))),
                "192.0.2.5:80 -i -w 1 --tun-type gue --tun-port 65535 --tun-remcsum"
            ),
            (
                RealServer(IPAddress(192, 0, 2, 6), 80, forwarding: .tunnel(.gre())),
                "192.0.2.6:80 -i -w 1 --tun-type gre --tun-nocsum"
            ),
            (
                RealServer(IPAddress(192, 0, 2, 7), 80, forwarding: .tunnel(.gre(checksum: true))),
                "192.0.2.7:80 -i -w 1 --tun-type gre --tun-csum"
            ),
            (
                RealServer(
                    Endpoint("[2001:db8::]:80") ?? Endpoint(IPAddress(0, 0, 0, 0), 0),
                    forwarding: .tunnel(.ipip)
                ),
                "[2001:db8::]:80 -i -w 1 --tun-type ipip"
            ),
        ]

        @Test func whatIsAddedIsWhatIpvsadmSees() throws {
            for kind in Self.kinds { try handle.add(kind.server, to: web.id) }
            let expected = Self.kinds.map { "-a -t 10.96.0.1:80 -r \($0.saved)" } + ["-A -t 10.96.0.1:80 -s wrr"]
            #expect(try namespace.saved() == expected.sorted())
            #expect(Set(try handle.realServers(of: web.id).map(\.server)) == Set(Self.kinds.map(\.server)))
        }

        @Test func whatIpvsadmAddsIsWhatIsRead() throws {
            // ipvsadm supports no weight above 65535.
            let kinds = Self.kinds.filter { $0.server.weight <= 65_535 }
            for kind in kinds { try namespace.ipvsadm("-a -t 10.96.0.1:80 -r \(kind.saved)") }
            #expect(Set(try handle.realServers(of: web.id).map(\.server)) == Set(kinds.map(\.server)))
        }

        /// ipvsadm can set neither, and doesn't know the second.
        @Test func localAndBypass() throws {
            let local = RealServer(IPAddress(127, 0, 0, 1), 8080, forwarding: .local)
            let bypass = RealServer(IPAddress(10, 244, 1, 9), 8080, forwarding: .bypass)
            try handle.add(local, to: web.id)
            try handle.add(bypass, to: web.id)
            #expect(Set(try handle.realServers(of: web.id).map(\.server)) == [local, bypass])
            let listing = try namespace.ipvsadm("-Ln")
            #expect(listing.contains("127.0.0.1:8080               Local"))
            #expect(listing.contains("10.244.1.9:8080              (null)"))
        }

        @Test func thresholds() throws {
            let server = RealServer(
                IPAddress(10, 244, 1, 1),
                8080,
                forwarding: .masquerade,
                upperThreshold: 2_147_483_647,
                lowerThreshold: 800
            )
            try handle.add(server, to: web.id)
            #expect(try handle.realServers(of: web.id).map(\.server) == [server])
            #expect(try namespace.ipvsadm("-Ln --thresholds").contains("2147483647 800"))
        }

        /// Newer kernels refuse it, older ones accept it.
        @Test func aThresholdBeyondWhatAllKernelsTake() throws {
            let server = RealServer(
                IPAddress(10, 244, 1, 1),
                8080,
                forwarding: .masquerade,
                upperThreshold: 2_147_483_648
            )
            do {
                try handle.add(server, to: web.id)
            } catch {
                #expect(error.code == .invalidValue)
                #expect(error.description.contains(": the kernel refuses a threshold above 2147483647, or"))
                return
            }
            #expect(try handle.realServers(of: web.id).map(\.server) == [server])
        }

        @Test func ofIPv6AndOfFirewallMarks() throws {
            let six = VirtualServer(.tcp(IPAddress("fd00:96::1") ?? IPAddress(0, 0, 0, 0), 443), scheduler: .roundRobin)
            let real = RealServer(
                Endpoint("[fd00:2::5]:6443") ?? Endpoint(IPAddress(0, 0, 0, 0), 0),
                forwarding: .masquerade
            )
            let four = RealServer(IPAddress(192, 0, 2, 9), 443, forwarding: .tunnel(.gre()))
            try handle.add(six)
            try handle.add(real, to: six.id)
            try handle.add(four, to: six.id)
            #expect(Set(try handle.realServers(of: six.id).map(\.server)) == [real, four])
            let mark = VirtualServer(.firewallMark(7), scheduler: .roundRobin)
            let routed = RealServer(IPAddress(192, 0, 2, 20), 0, forwarding: .directRouting)
            try handle.add(mark)
            try handle.add(routed, to: mark.id)
            #expect(try handle.realServers(of: mark.id).map(\.server) == [routed])
            #expect(try handle.realServers(of: web.id).isEmpty)
        }

        @Test func anUpdateSetsAllAndKeepsTheTunnel() throws {
            var server = RealServer(IPAddress(192, 0, 2, 3), 80, forwarding: .tunnel(.gue(port: 6080, checksum: .full)))
            try handle.add(server, to: web.id)
            server.weight = 5
            server.upperThreshold = 10
            try handle.update(server, of: web.id)
            #expect(try handle.realServers(of: web.id).map(\.server) == [server])
            server.forwarding = .masquerade
            server.upperThreshold = 0
            try handle.update(server, of: web.id)
            #expect(try handle.realServers(of: web.id).map(\.server) == [server])
            #expect(try namespace.saved().last == "-a -t 10.96.0.1:80 -r 192.0.2.3:80 -m -w 5")
        }

        @Test func whatIsDeletedIsGone() throws {
            let servers = (1...3).map { RealServer(IPAddress(10, 244, 1, $0), 80, forwarding: .masquerade) }
            for server in servers { try handle.add(server, to: web.id) }
            try handle.delete(servers[1].endpoint, from: web.id)
            #expect(Set(try handle.realServers(of: web.id).map(\.server)) == [servers[0], servers[2]])
        }

        /// The kernel answers both with an empty list; the library distinguishes them.
        @Test func noRealServersAndNoService() throws {
            #expect(try handle.realServers(of: web.id).isEmpty)
            let missing = VirtualServer.Identity.tcp(IPAddress(10, 96, 9, 9), 80)
            let error = #expect(throws: IPVSError.self) { try handle.realServers(of: missing) }
            #expect(error?.code == .virtualServerNotFound)
            #expect(error?.description == "can't list the real servers of TCP 10.96.9.9:80: no such virtual server")
        }

        @Test func oneOfThem() throws {
            let server = RealServer(IPAddress(10, 244, 1, 1), 80, forwarding: .masquerade)
            try handle.add(server, to: web.id)
            #expect(try handle.realServer(server.endpoint, of: web.id)?.server == server)
            #expect(try handle.realServer(Endpoint(IPAddress(10, 244, 1, 1), 81), of: web.id) == nil)
            let error = #expect(throws: IPVSError.self) {
                try handle.realServer(server.endpoint, of: .firewallMark(1))
            }
            #expect(error?.code == .virtualServerNotFound)
        }

        @Test func aLongList() throws {
            let servers = (UInt32(0)..<1000).map { index -> RealServer in
                let address = IPAddress(ipv4: 0x0af5_0001 + index)
                return RealServer(address, 80, forwarding: .masquerade, weight: index)
            }
            for server in servers { try handle.add(server, to: web.id) }
            let listed = try handle.realServers(of: web.id).map(\.server)
            #expect(listed.count == servers.count)
            #expect(Set(listed) == Set(servers))
        }
    }
}
