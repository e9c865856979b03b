import CIPVS
import Glibc
import IPVS
import IPVSTestModels
import IPVSTesting
import Testing

@Suite("Rules of the kernel in memory")
struct RuleTests {
    let kernel = InMemoryKernel()
    let handle: Handle

    init() throws { handle = try Handle(testing: kernel) }

    @Test("What is added is what is listed, and what the kernel's table has", arguments: UInt64(0)..<20)
    func randomTables(_ seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        models.schedulers = RandomModels.allSchedulers
        models.engines = [nil, .sip]
        var table = Table()
        for _ in 0..<30 {
            var entry = Table.Entry(models.virtualServer())
            for _ in 0..<5 {
                let server = models.realServer(for: entry.server.id)
                if Self.isAccepted(server) { entry.replace(server) }
            }
            // Times that are too long for the kernel's clock come back as others.
            if let timeout = entry.server.persistence?.timeout, timeout > 8_000_000 { continue }
            table.replace(entry)
        }
        let report = try handle.apply(table)
        #expect(report.failures.isEmpty)
        #expect(kernel.table == table)
        #expect(try handle.table() == table)
    }

    /// Whether the kernel accepts it too: its thresholds, and that its address is that of a host.
    private static func isAccepted(_ server: RealServer) -> Bool {
        if server.upperThreshold > UInt32(Int32.max) { return false }
        let bytes = server.endpoint.address.bytes
        if bytes.count == 4 { return bytes != [127, 255, 255, 255] }
        let isMapped = bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        return !isMapped && !(bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80)
    }

    @Test("What exists, and what does not")
    func existence() throws {
        let other = RealServer(IPAddress(10, 244, 1, 9), 80, forwarding: .masquerade)
        try handle.add(web)
        try handle.add(real, to: web.id)
        expectError(.virtualServerExists, errno: EEXIST) { try handle.add(web) }
        expectError(.realServerExists, errno: EEXIST) { try handle.add(real, to: web.id) }
        expectError(.realServerNotFound, errno: ENOENT) { try handle.update(other, of: web.id) }
        expectError(.realServerNotFound, errno: ENOENT) { try handle.delete(other.endpoint, from: web.id) }
        expectError(.virtualServerNotFound, errno: ESRCH) { try handle.update(dns) }
        expectError(.virtualServerNotFound, errno: ESRCH) { try handle.delete(dns.id) }
        expectError(.virtualServerNotFound, errno: ESRCH) { try handle.add(real, to: dns.id) }
        expectError(.virtualServerNotFound) { _ = try handle.realServers(of: dns.id) }
        #expect(try handle.virtualServer(dns.id) == nil)
        try handle.delete(web.id)
        #expect(kernel.table.isEmpty)
    }

    @Test("Schedulers, persistence engines and families")
    func values() throws {
        expectError(.schedulerNotFound, errno: ENOENT) {
            try handle.add(VirtualServer(web.id, scheduler: Scheduler(rawValue: "nosuch")))
        }
        expectError(.schedulerNotFound, errno: ENOENT) {
            try handle.add(VirtualServer(web.id, persistenceEngine: PersistenceEngine(rawValue: "nosuch")))
        }
        try handle.add(web)
        let mixed = RealServer(
            Endpoint(try #require(IPAddress("fd00::5")), 80),
            forwarding: .tunnel(.ipip)
        )
        try handle.add(mixed, to: web.id)
        expectError(.invalidValue, errno: EINVAL) { try handle.startSyncDaemon(SyncDaemon(.master, interface: "eth0")) }
        try handle.delete(mixed.endpoint, from: web.id)
        try handle.startSyncDaemon(SyncDaemon(.master, interface: "eth0"))
        expectError(.invalidValue, errno: EINVAL) { try handle.add(mixed, to: web.id) }
    }

    @Test("lo that is down refuses IPv4 real servers")
    func loopback() throws {
        kernel.isLoopbackUp = false
        try handle.add(web)
        expectError(.invalidValue, errno: EINVAL) { try handle.add(real, to: web.id) }
        kernel.isLoopbackUp = true
        try handle.add(real, to: web.id)
    }

    @Test("A protocol that the kernel does not balance has no timeout")
    func missingTimeout() throws {
        kernel.timeouts.udp = nil
        #expect(try handle.timeouts() == Timeouts(tcp: 900, tcpFIN: 120))
    }

    @Test("Timeouts have the kernel's defaults and limits")
    func timeouts() throws {
        #expect(try handle.timeouts() == Timeouts(tcp: 900, tcpFIN: 120, udp: 300))
        try handle.setTimeouts(Timeouts(udp: 8_589_934))
        expectError(.invalidValue, errno: EINVAL) { try handle.setTimeouts(Timeouts(udp: 8_589_935)) }
        #expect(kernel.timeouts == Timeouts(tcp: 900, tcpFIN: 120, udp: 8_589_934))
    }

    @Test("Sync daemons have the kernel's defaults")
    func syncDaemons() throws {
        try handle.startSyncDaemon(SyncDaemon(.master, interface: "eth0", syncID: 7))
        let full = SyncDaemon(
            .master,
            interface: "eth0",
            syncID: 7,
            maximumLength: 1_472,
            group: IPAddress(224, 0, 0, 81),
            port: 8_848,
            timeToLive: 1
        )
        #expect(try handle.syncDaemons() == [full])
        #expect(kernel.syncDaemons == [full])
        expectError(.syncDaemonRunning, errno: EEXIST) { try handle.startSyncDaemon(full) }
        expectError(.interfaceNotFound, errno: ENODEV) {
            try handle.startSyncDaemon(SyncDaemon(.backup, interface: "eth1"))
        }
        try handle.stopSyncDaemon(.master)
        expectError(.syncDaemonNotRunning, errno: ESRCH) { try handle.stopSyncDaemon(.master) }
    }

    @Test("Versions differ in the scheduler twos, in thresholds and in the connection table")
    func versions() throws {
        let twos = VirtualServer(.firewallMark(1), scheduler: .powerOfTwoChoices)
        for version in InMemoryKernel.Version.allCases {
            let handle = try Handle(testing: InMemoryKernel(version: version))
            #expect((try handle.info().connectionTableSize == 0) == (version == .v7))
            #expect(try handle.info().version == KernelInfo.Version(1, 2, 1))
            if version == .v6_1 {
                expectError(.schedulerNotFound) { try handle.add(twos) }
            } else {
                try handle.add(twos)
            }
            try handle.add(web)
            let high = RealServer(real.endpoint, forwarding: .masquerade, upperThreshold: 0x8000_0000)
            if version == .v6_1 {
                try handle.add(high, to: web.id)
            } else {
                expectError(.invalidValue, errno: EINVAL) { try handle.add(high, to: web.id) }
            }
            try handle.add(dns)
            #expect(try handle.info().connectionTableSize > 0)
        }
    }

    @Test("Long lists come in parts")
    func longLists() throws {
        let servers = (0..<600).map {
            RealServer(IPAddress(10, 1, UInt8($0 / 200), UInt8($0 % 200 + 1)), 80, forwarding: .local)
        }
        try handle.add(web)
        let outcome = try handle.perform { batch in for server in servers { batch.add(server, to: web.id) } }
        #expect(outcome.succeeded == 600)
        // The kernel lists the latest first.
        #expect(try handle.realServers(of: web.id).map(\.server) == servers.reversed())
    }

    @Test("Handles see one table, kernels have their own")
    func handles() throws {
        let other = try Handle(testing: kernel)
        let elsewhere = try Handle(testing: InMemoryKernel())
        try other.add(web)
        #expect(try handle.virtualServer(web.id)?.server == web)
        #expect(try elsewhere.virtualServers().isEmpty)
        let lock = try handle.lockTable()
        try elsewhere.lockTable().release()
        lock.release()
    }

    @Test("Handles of several threads change one table")
    func threads() async throws {
        try handle.add(web)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in UInt8(1)...4 {
                group.addTask { [kernel] in
                    let handle = try Handle(testing: kernel)
                    for host in UInt8(1)...50 {
                        let server = RealServer(IPAddress(10, 1, writer, host), 80, forwarding: .masquerade)
                        try handle.add(server, to: web.id)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(kernel.table[web.id]?.realServers.count == 200)
    }

    @Test("A module that was reloaded is found again, with an empty table")
    func reload() throws {
        try handle.add(web)
        kernel.reloadModule()
        #expect(try handle.virtualServers().isEmpty)
        try handle.add(web)
    }
}
