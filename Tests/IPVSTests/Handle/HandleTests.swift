import CIPVS
import Glibc
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Calls of a handle")
struct HandleTests {
    private let id = VirtualServer.Identity.tcp(IPAddress(10, 96, 0, 1), 80)
    private let real = RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade)
    private var service: VirtualServer { VirtualServer(id, scheduler: .roundRobin) }
    private typealias Script = ScriptedChannel

    @Test("Changes send their commands and attributes")
    func changes() throws {
        let calls: [(Int, Request, @Sendable (Handle) throws -> Void)] = [
            (IPVS_CMD_NEW_SERVICE, .addVirtualServer(service), { [service] in try $0.add(service) }),
            (IPVS_CMD_SET_SERVICE, .updateVirtualServer(service), { [service] in try $0.update(service) }),
            (IPVS_CMD_DEL_SERVICE, .deleteVirtualServer(id), { [id] in try $0.delete(id) }),
            (IPVS_CMD_NEW_DEST, .addRealServer(real, id), { [real, id] in try $0.add(real, to: id) }),
            (IPVS_CMD_SET_DEST, .updateRealServer(real, id), { [real, id] in try $0.update(real, of: id) }),
            (
                IPVS_CMD_DEL_DEST, .deleteRealServer(real.endpoint, id),
                { [real, id] in try $0.delete(real.endpoint, from: id) }
            ),
            (IPVS_CMD_FLUSH, .flush, { try $0.flush() }),
            (IPVS_CMD_ZERO, .zeroCounters(nil), { try $0.zeroCounters() }),
            (IPVS_CMD_ZERO, .zeroCounters(id), { [id] in try $0.zeroCounters(of: id) }),
            (IPVS_CMD_SET_CONFIG, .setTimeouts(Timeouts(tcp: 9)), { try $0.setTimeouts(Timeouts(tcp: 9)) }),
            (
                IPVS_CMD_NEW_DAEMON, .startDaemon(SyncDaemon(.master, interface: "lo")),
                { try $0.startSyncDaemon(SyncDaemon(.master, interface: "lo")) }
            ),
            (IPVS_CMD_DEL_DAEMON, .stopDaemon(.backup), { try $0.stopSyncDaemon(.backup) }),
        ]
        for (command, request, call) in calls {
            let channel = try Script.run([.take, .deliver([.ack])]) { try call($0) }
            let sent = try #require(channel.sent.last)
            #expect(sent.command == command)
            #expect(sent.bytes[20...] == request.sent.bytes[20...])
            #expect(!request.isRead)
            let error = try expectError {
                try Script.run([.take, .deliver([.error(EBUSY)])]) { try call($0) }
            }
            #expect(error.operation == IPVSError.Operation(request))
        }
    }

    @Test("One virtual server: it exists, it doesn't exist, or another error")
    func oneService() throws {
        var statistics = Statistics()
        statistics.incomingBytes = 99
        let channel = try Script.run([
            .take, .deliver([.message(service.reply(statistics)), .ack]), .take, .deliver([.error(ESRCH)]),
            .take, .deliver([.error(EPERM)]),
        ]) { handle in
            let found = try #require(try handle.virtualServer(id))
            #expect(found == VirtualServer.Status(server: service, statistics: statistics))
            #expect(try handle.virtualServer(id) == nil)
            try expectError(.permissionDenied) { _ = try handle.virtualServer(id) }
        }
        #expect(channel.sent[1].command == IPVS_CMD_GET_SERVICE)
        #expect(channel.sent[1].flags == UInt16(NLM_F_REQUEST | NLM_F_ACK))
    }

    @Test("The real servers of a virtual server")
    func realServers() throws {
        var six = RealServer(
            try #require(Endpoint("[fd00::1]:80")),
            forwarding: .tunnel(.gue(port: 6080, checksum: .remote))
        )
        six.weight = 7
        let channel = try Script.run([
            .take, .deliver([.message(real.reply()), .message(six.reply())]), .deliver([.done()]),
        ]) {
            handle in
            let list = try handle.realServers(of: id)
            #expect(list.map(\.server) == [real, six])
            #expect(list.allSatisfy { $0.activeConnections == 3 })
            #expect(list.allSatisfy { $0.inactiveConnections == 2 })
            #expect(list.allSatisfy { $0.persistentConnections == 1 })
        }
        let sent = try #require(channel.sent.last)
        #expect(sent.command == IPVS_CMD_GET_DEST)
        #expect(sent.flags == UInt16(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ROOT | NLM_F_MATCH))
        #expect(channel.sent.count == 2)
    }

    @Test("A real server without an address family has that of its virtual server")
    func familyOfService() throws {
        let six = RealServer(try #require(Endpoint("[fd00::1]:80")), forwarding: .masquerade)
        let attributes = six.wire.attributes.filter { $0.key != IPVS_DEST_ATTR_ADDR_FAMILY }
            .flatMap { [UInt8].attribute($0, $1) }
        let reply = Reply.message(.attribute(IPVS_CMD_ATTR_DEST, attributes + six.observed(Statistics())))
        try Script.run([.take, .deliver([reply, .done()])]) { (handle) throws in
            #expect(try handle.realServers(of: .firewallMark(1, .ipv6)).map(\.server) == [six])
        }
    }

    @Test("A virtual server without real servers has an empty list; one that doesn't exist is an error")
    func noRealServers() throws {
        try Script.run([
            .take, .deliver([.done()]), .take, .deliver([.message(service.reply()), .ack]),
        ]) { (handle) throws in
            #expect(try handle.realServers(of: id).isEmpty)
        }
        try Script.run([.take, .deliver([.done()]), .take, .deliver([.error(ESRCH)])]) { handle in
            let error = try expectError { _ = try handle.realServers(of: id) }
            #expect(error.code == .virtualServerNotFound)
            #expect("\(error)" == "can't list the real servers of TCP 10.96.0.1:80: no such virtual server")
        }
        try Script.run([.take, .deliver([.done()]), .take, .deliver([.error(EPERM)])]) { handle in
            try expectError(.permissionDenied) { _ = try handle.realServers(of: id) }
        }
    }

    @Test("Settings are read")
    func settings() throws {
        let timeouts: [UInt8] =
            .attribute(IPVS_CMD_ATTR_TIMEOUT_TCP, UInt32(900)) + .attribute(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, UInt32(120))
            + .attribute(IPVS_CMD_ATTR_TIMEOUT_UDP, UInt32(300))
        let info: [UInt8] =
            .attribute(IPVS_INFO_ATTR_VERSION, UInt32(0x010201))
            + .attribute(IPVS_INFO_ATTR_CONN_TAB_SIZE, UInt32(4096))
        let daemons = [
            SyncDaemon(.master, interface: "lo", syncID: 3),
            SyncDaemon(.backup, interface: "eth0", group: IPAddress("ff02::9")),
        ]
        let entries = daemons.map { Reply.message(Array(Request.startDaemon($0).sent.bytes[20...])) }
        let channel = try Script.run([
            .take, .deliver([.message(timeouts), .ack]), .take, .deliver([.message(info)]), .deliver([.ack]),
            .take, .deliver(entries), .deliver([.done()]), .take, .deliver([.done()]),
        ]) { (handle) throws in
            #expect(try handle.timeouts() == Timeouts(tcp: 900, tcpFIN: 120, udp: 300))
            #expect(try handle.info() == KernelInfo(version: .init(1, 2, 1), connectionTableSize: 4096))
            #expect(try handle.syncDaemons() == daemons)
            #expect(try handle.syncDaemons() == [])
        }
        let commands = channel.sent.dropFirst().map(\.command)
        #expect(commands == [IPVS_CMD_GET_CONFIG, IPVS_CMD_GET_INFO, IPVS_CMD_GET_DAEMON, IPVS_CMD_GET_DAEMON])
    }

    @Test("An answer without kernel information is an error; one without timeouts is not")
    func emptyAnswers() throws {
        try Script.run([.take, .deliver([.ack]), .take, .deliver([.ack])]) { handle in
            try expectError(.malformedReply) { _ = try handle.info() }
            #expect(try handle.timeouts() == Timeouts())
        }
    }

    @Test("Nothing is sent for a refused value")
    func invalid() throws {
        let channel = try Script.run([]) { handle in
            var wrong = real
            wrong.weight = .max
            let error = try expectError { try handle.add(wrong, to: id) }
            #expect(error.code == .invalidValue)
            #expect(error.field == "weight")
            #expect(error.errno == nil)
            #expect(
                "\(error)" == "can't add real server 10.244.1.5:8080 to TCP 10.96.0.1:80: "
                    + "weight 4294967295 is above 2147483647"
            )
            try expectRefusal("weight") { try handle.update(wrong, of: id) }
            let nameless = VirtualServer(id, scheduler: Scheduler(rawValue: ""))
            try expectRefusal("scheduler") { try handle.add(nameless) }
            try expectRefusal("scheduler") { try handle.update(nameless) }
            try expectRefusal("udp") { try handle.setTimeouts(Timeouts(udp: 0)) }
            try expectRefusal("interface") { try handle.startSyncDaemon(SyncDaemon(.master, interface: "")) }
            let none = VirtualServer.Identity.firewallMark(0)
            try expectRefusal("id") { try handle.delete(none) }
            try expectRefusal("id") { _ = try handle.virtualServer(none) }
            try expectRefusal("id") { _ = try handle.realServers(of: none) }
            try expectRefusal("id") { try handle.zeroCounters(of: none) }
        }
        #expect(channel.calls.filter { $0 == .send }.count == 1)
    }
}
