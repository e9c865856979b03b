import CIPVS
import Glibc
import IPVS
import IPVSTesting
import Testing

@Suite("What a kernel in memory was sent, and what a test sets")
struct CommandTests {
    let kernel = InMemoryKernel()
    let handle: Handle

    init() throws { handle = try Handle(testing: kernel) }

    @Test("Commands are recorded in order, with their values and results")
    func commands() throws {
        let daemon = SyncDaemon(.backup, interface: "eth0", syncID: 3, group: IPAddress("ff02::5"))
        try handle.add(web)
        try handle.add(real, to: web.id)
        try handle.update(tunnelled, of: web.id)
        #expect(try handle.virtualServer(web.id) != nil)
        _ = try handle.virtualServers()
        _ = try handle.realServers(of: web.id)
        try handle.setTimeouts(Timeouts(udp: 7))
        _ = try handle.timeouts()
        _ = try handle.info()
        try handle.startSyncDaemon(daemon)
        _ = try handle.syncDaemons()
        try handle.stopSyncDaemon(.backup)
        try handle.zeroCounters(of: web.id)
        try handle.zeroCounters()
        try handle.delete(real.endpoint, from: web.id)
        expectError(.virtualServerNotFound) { try handle.update(dns) }
        try handle.delete(web.id)
        try handle.flush()
        let expected: [InMemoryKernel.Command] = [
            .addVirtualServer(web), .addRealServer(real, to: web.id), .updateRealServer(tunnelled, of: web.id),
            .readVirtualServer(web.id), .listVirtualServers, .listRealServers(of: web.id),
            .setTimeouts(Timeouts(udp: 7)),
            .readTimeouts, .readInfo, .startSyncDaemon(daemon), .listSyncDaemons, .stopSyncDaemon(.backup),
            .zeroCounters(web.id), .zeroCounters(nil), .deleteRealServer(real.endpoint, from: web.id),
            .updateVirtualServer(dns), .deleteVirtualServer(web.id), .flush,
        ]
        #expect(kernel.commands == expected)
        #expect(kernel.changes.count == 12)
        let errnos = kernel.sentCommands.map(\.errno)
        #expect(errnos.filter { $0 != 0 } == [ESRCH])
        #expect(errnos[15] == ESRCH)
        #expect(kernel.sentCommands.allSatisfy { $0.bytes.count >= 20 })
        kernel.forgetCommands()
        #expect(kernel.commands.isEmpty)
    }

    private var tunnelled: RealServer {
        RealServer(real.endpoint, forwarding: tunnel.forwarding, upperThreshold: 9, lowerThreshold: 4)
    }

    @Test("Counters are what a test sets, until they are set to zero")
    func counters() throws {
        try handle.add(web)
        try handle.add(real, to: web.id)
        var statistics = Statistics()
        statistics.connections = 1 << 40
        statistics.rates.outgoingBytes = 9
        try kernel.setStatistics(statistics, of: web.id)
        try kernel.setStatistics(statistics, of: real.endpoint, in: web.id)
        try kernel.setConnections(active: 2, inactive: 3, persistent: 4, of: real.endpoint, in: web.id)
        #expect(try handle.virtualServer(web.id)?.statistics == statistics)
        let status = RealServer.Status(
            server: real,
            activeConnections: 2,
            inactiveConnections: 3,
            persistentConnections: 4,
            statistics: statistics
        )
        #expect(try handle.realServers(of: web.id) == [status])
        // A real server that is deleted and added again comes back with its counters.
        try handle.delete(real.endpoint, from: web.id)
        try handle.add(real, to: web.id)
        #expect(try handle.realServers(of: web.id) == [status])
        try handle.zeroCounters(of: web.id)
        #expect(try handle.virtualServer(web.id)?.statistics == Statistics())
        #expect(try handle.realServers(of: web.id).map(\.statistics) == [Statistics()])
        #expect(try handle.realServers(of: web.id).map(\.activeConnections) == [2])
    }

    @Test("Counters of servers that are not there")
    func unknownServers() throws {
        #expect(throws: InMemoryKernel.UnknownServer.virtualServer(web.id)) {
            try kernel.setStatistics(Statistics(), of: web.id)
        }
        try handle.add(web)
        #expect(throws: InMemoryKernel.UnknownServer.realServer(real.endpoint, of: web.id)) {
            try kernel.setConnections(active: 1, of: real.endpoint, in: web.id)
        }
    }

    @Test("A drain ends when the test says that the connections have")
    func drain() async throws {
        try handle.add(web)
        try handle.add(real, to: web.id)
        try kernel.setConnections(active: 1, of: real.endpoint, in: web.id)
        let draining = Task { [handle] in
            try await handle.drain(
                [Drain.Target(real.endpoint, of: web.id)],
                timeout: .seconds(60),
                interval: .milliseconds(2)
            )
        }
        while kernel.table[web.id]?.realServers.first?.weight != 0 { try await Task.sleep(for: .milliseconds(1)) }
        try kernel.setConnections(of: real.endpoint, in: web.id)
        _ = try await draining.value
        #expect(kernel.table[web.id] == Table.Entry(web))
    }

    @Test("Connections are what a test sets")
    func connections() throws {
        let client = Endpoint(try #require(IPAddress("2001:db8::1:2")), 40_000)
        let entries = [
            ConnectionEntry(
                .tcp,
                client: Endpoint(IPAddress(192, 0, 2, 1), 40_000),
                virtualServer: Endpoint(IPAddress(10, 96, 0, 1), 80),
                realServer: real.endpoint,
                state: .established,
                secondsLeft: 899
            ),
            ConnectionEntry(
                .udp,
                client: client,
                virtualServer: Endpoint(try #require(IPAddress("fd00::1")), 5060),
                realServer: Endpoint(try #require(IPAddress("fd00:2::5")), 5060),
                state: .udp,
                secondsLeft: 3,
                persistence: ConnectionEntry.PersistenceData(engine: .sip, data: "call 1")
            ),
        ]
        kernel.connectionEntries = entries
        var listed: [ConnectionEntry] = []
        var list = try handle.connectionEntries()
        while let entry = try list.next() { listed.append(entry) }
        #expect(listed == entries)
        var origins: [ConnectionEntry.Origin?] = []
        var second = try handle.connectionEntries(showing: .origin)
        while let entry = try second.next() { origins.append(entry.origin) }
        #expect(origins == [.local, .local])
    }
}
