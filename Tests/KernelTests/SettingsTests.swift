import IPVS
import IPVSTestKernel
import Testing

extension KernelTests {
    @Suite struct Settings {
        let namespace: TestNamespace
        let handle: Handle

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
        }

        @Test func infoIsWhatIpvsadmShows() throws {
            let info = try handle.info()
            let listing = try namespace.ipvsadm("-Ln")
            let expected = "IP Virtual Server version \(info.version) (size=\(info.connectionTableSize))\n"
            #expect(listing.hasPrefix(expected))
            #expect(info.version >= KernelInfo.Version(1, 2, 1))
        }

        @Test func timeouts() throws {
            #expect(try handle.timeouts() == Timeouts(tcp: 900, tcpFIN: 120, udp: 300))
            try handle.setTimeouts(Timeouts(tcp: 300, tcpFIN: 60, udp: 200))
            #expect(try namespace.ipvsadm("-L --timeout") == "Timeout (tcp tcpfin udp): 300 60 200\n")
            try handle.setTimeouts(Timeouts(udp: 100))
            try handle.setTimeouts(Timeouts())
            #expect(try handle.timeouts() == Timeouts(tcp: 300, tcpFIN: 60, udp: 100))
            try namespace.ipvsadm("--set 1 2 3")
            #expect(try handle.timeouts() == Timeouts(tcp: 1, tcpFIN: 2, udp: 3))
        }

        @Test func syncDaemons() throws {
            try namespace.run("ip", "link", "add", "mc0", "type", "dummy")
            try namespace.run("ip", "address", "add", "192.0.2.1/24", "dev", "mc0")
            try namespace.run("ip", "address", "add", "fd00:2::1/64", "dev", "mc0", "nodad")
            try namespace.run("ip", "link", "set", "mc0", "multicast", "on", "up")
            #expect(try handle.syncDaemons().isEmpty)
            try handle.startSyncDaemon(SyncDaemon(.master, interface: "mc0", syncID: 7))
            let master = SyncDaemon(
                .master,
                interface: "mc0",
                syncID: 7,
                maximumLength: 1472,
                group: IPAddress(224, 0, 0, 81),
                port: 8848,
                timeToLive: 1
            )
            #expect(try handle.syncDaemons() == [master])
            let backup = SyncDaemon(
                .backup,
                interface: "mc0",
                syncID: 255,
                maximumLength: 1400,
                group: IPAddress("ff02::1:2"),
                port: 8849,
                timeToLive: 2
            )
            try handle.startSyncDaemon(backup)
            #expect(Set(try handle.syncDaemons()) == [master, backup])
            #expect(
                try namespace.ipvsadm("-L --daemon") == """
                    master sync daemon (mcast=mc0, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)
                    backup sync daemon (mcast=mc0, syncid=255, maxlen=1400, group=ff02::1:2, port=8849, ttl=2)

                    """
            )
            try handle.stopSyncDaemon(.master)
            #expect(try handle.syncDaemons() == [backup])
            try handle.stopSyncDaemon(.backup)
            #expect(try handle.syncDaemons().isEmpty)
        }

        @Test func counters() throws {
            let dns = VirtualServer(.udp(IPAddress(127, 0, 0, 10), 53), scheduler: .roundRobin)
            let other = VirtualServer(.udp(IPAddress(127, 0, 0, 11), 53), scheduler: .roundRobin)
            for server in [dns, other] {
                try handle.add(server)
                try handle.add(RealServer(IPAddress(127, 0, 0, 1), 5353, forwarding: .masquerade), to: server.id)
                // Three packets of one sender: one connection, with 28 bytes of headers and the payload.
                guard case .endpoint(_, let endpoint) = server.id else { return }
                let target = "/dev/udp/\(endpoint.address)/\(endpoint.port)"
                try namespace.run("bash", "-c", "exec 3>\(target); for i in 1 2 3; do printf hello >&3 || true; done")
            }
            // The kernel adds up its processors' counters every two seconds.
            try eventually { try handle.virtualServer(other.id)?.statistics.connections == 1 }
            let status = try #require(try handle.virtualServer(dns.id))
            #expect(status.statistics.connections == 1)
            #expect(status.statistics.incomingPackets >= 1)
            #expect(status.statistics.incomingBytes == status.statistics.incomingPackets * 33)
            let real = try #require(try handle.realServers(of: dns.id).first)
            #expect(real.statistics.connections == 1)
            #expect(real.inactiveConnections == 1)
            #expect(real.activeConnections == 0)
            let line = try #require(try namespace.ipvsadm("-Ln --stats -u 127.0.0.10:53").split(separator: "\n").last)
            let columns = line.split(separator: " ").suffix(5).map { UInt64($0) }
            let counted = real.statistics
            #expect(
                columns == [
                    counted.connections, counted.incomingPackets, counted.outgoingPackets, counted.incomingBytes,
                    counted.outgoingBytes,
                ]
            )

            try handle.zeroCounters(of: dns.id)
            #expect(try handle.virtualServer(dns.id)?.statistics.connections == 0)
            #expect(try handle.realServers(of: dns.id).first?.statistics.incomingBytes == 0)
            #expect(try handle.virtualServer(other.id)?.statistics.connections == 1)
            try handle.zeroCounters()
            #expect(try handle.virtualServer(other.id)?.statistics.connections == 0)
        }

        @Test func persistentClientsAreCounted() throws {
            let persistent = VirtualServer(
                .udp(IPAddress(127, 0, 0, 12), 53),
                scheduler: .roundRobin,
                persistence: Persistence(timeout: 300)
            )
            try handle.add(persistent)
            try handle.add(RealServer(IPAddress(127, 0, 0, 1), 5353, forwarding: .masquerade), to: persistent.id)
            try namespace.run("bash", "-c", "printf hello > /dev/udp/127.0.0.12/53")
            #expect(try handle.realServers(of: persistent.id).first?.persistentConnections == 1)
        }
    }
}
