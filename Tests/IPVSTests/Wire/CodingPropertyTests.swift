import CIPVS
import IPVSTestModels
import Testing

@testable import IPVS

@Suite("Encoding and decoding random models")
struct CodingPropertyTests {
    /// The attributes of a nested attribute in any order, with an unknown one among them.
    private func disturb(_ attributes: [UInt8], _ models: inout RandomModels) -> [UInt8] {
        let parts = attributes.attributes.map { [UInt8].attribute($0, $1) } + [.attribute(999, models.bytes(5))]
        return models.shuffled(parts).flatMap { $0 }
    }

    @Test("Virtual servers", arguments: 1...4)
    func virtualServers(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<2_000 {
            let server = models.virtualServer()
            for request in [Request.addVirtualServer(server), .updateVirtualServer(server)] {
                let bytes = try #require(request.sent.attributes[IPVS_CMD_ATTR_SERVICE])
                let decoded = try VirtualServer(decoding: bytes.span.bytes)
                #expect(decoded == server)
                #expect(try VirtualServer(decoding: disturb(bytes, &models).span.bytes) == server)
            }
        }
    }

    @Test("Real servers", arguments: 1...4)
    func realServers(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<2_000 {
            let id = models.identity()
            let server = models.realServer(for: id)
            for request in [Request.addRealServer(server, id), .updateRealServer(server, id)] {
                let attributes = request.sent.attributes
                let bytes = try #require(attributes[IPVS_CMD_ATTR_DEST])
                let decoded = try RealServer(decoding: bytes.span.bytes, serviceFamily: models.family())
                #expect(decoded == server)
                let family = models.family()
                #expect(
                    try RealServer(decoding: disturb(bytes, &models).span.bytes, serviceFamily: family) == server
                )
                // The service beside it has its identity only.
                #expect(
                    attributes[IPVS_CMD_ATTR_SERVICE]
                        == Request.readVirtualServer(id).sent.attributes[IPVS_CMD_ATTR_SERVICE]
                )
            }
        }
    }

    @Test("A virtual or real server has the same identifying attributes in each request", arguments: 1...2)
    func identities(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<500 {
            let server = models.virtualServer()
            let real = models.realServer(for: server.id)
            let whole = server.wire.attributes
            let named: [Request] = [
                .deleteVirtualServer(server.id), .readVirtualServer(server.id), .readRealServers(server.id),
                .zeroCounters(server.id), .deleteRealServer(real.endpoint, server.id),
            ]
            for request in named {
                let bytes = try #require(request.sent.attributes[IPVS_CMD_ATTR_SERVICE])
                let names: Set =
                    switch server.id {
                    case .endpoint: [IPVS_SVC_ATTR_AF, IPVS_SVC_ATTR_PROTOCOL, IPVS_SVC_ATTR_ADDR, IPVS_SVC_ATTR_PORT]
                    case .firewallMark: [IPVS_SVC_ATTR_AF, IPVS_SVC_ATTR_FWMARK]
                    }
                #expect(bytes.attributes == whole.filter { names.contains($0.key) })
            }
            let place: Set = [IPVS_DEST_ATTR_ADDR_FAMILY, IPVS_DEST_ATTR_ADDR, IPVS_DEST_ATTR_PORT]
            let bytes = Request.deleteRealServer(real.endpoint, server.id).sent.attributes[IPVS_CMD_ATTR_DEST]
            #expect(bytes?.attributes == real.wire.attributes.filter { place.contains($0.key) })
        }
    }

    @Test("Statistics, of 64 bits and of 32", arguments: 1...2)
    func statistics(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<1_000 {
            let wide = models.statistics()
            let narrow = models.statistics(narrow: true)
            let server = models.virtualServer()
            let wideAttribute: [UInt8] = .attribute(IPVS_SVC_ATTR_STATS64, wide.wire())
            let narrowAttribute: [UInt8] = .attribute(IPVS_SVC_ATTR_STATS, narrow.wire(narrow: true))
            // The 64-bit ones are used if both are present, in any order.
            for (bytes, expected) in [
                (wideAttribute, wide), (narrowAttribute, narrow), (wideAttribute + narrowAttribute, wide),
                (narrowAttribute + wideAttribute, wide),
            ] {
                let status = try VirtualServer.Status(decoding: (server.wire + bytes).span.bytes)
                #expect(status == VirtualServer.Status(server: server, statistics: expected))
            }
        }
    }

    @Test("Real servers with their connection counts and statistics", arguments: 1...2)
    func realServerStatus(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<1_000 {
            let server = models.realServer(for: models.identity())
            let (wide, narrow) = (models.statistics(), models.statistics(narrow: true))
            let counters: [[UInt8]] = [
                .attribute(IPVS_DEST_ATTR_STATS64, wide.wire()),
                .attribute(IPVS_DEST_ATTR_STATS, narrow.wire(narrow: true)),
            ]
            let connections = [
                models.number(0...UInt32.max), models.number(0...UInt32.max), models.number(0...UInt32.max),
            ]
            let observed: [UInt8] =
                .attribute(IPVS_DEST_ATTR_ACTIVE_CONNS, connections[0])
                + .attribute(IPVS_DEST_ATTR_INACT_CONNS, connections[1])
                + .attribute(IPVS_DEST_ATTR_PERSIST_CONNS, connections[2])
            for (bytes, expected) in [
                (counters[0], wide), (counters[1], narrow), (counters[0] + counters[1], wide),
                (counters[1] + counters[0], wide),
            ] {
                let status = try RealServer.Status(
                    decoding: (server.wire + observed + bytes).span.bytes,
                    serviceFamily: models.family()
                )
                #expect(
                    status
                        == RealServer.Status(
                            server: server,
                            activeConnections: connections[0],
                            inactiveConnections: connections[1],
                            persistentConnections: connections[2],
                            statistics: expected
                        )
                )
            }
        }
    }

    @Test("Sync daemons", arguments: 1...4)
    func syncDaemons(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<2_000 {
            let daemon = models.syncDaemon()
            let bytes = try #require(Request.startDaemon(daemon).sent.attributes[IPVS_CMD_ATTR_DAEMON])
            #expect(try SyncDaemon(decoding: bytes.span.bytes) == daemon)
            #expect(try SyncDaemon(decoding: disturb(bytes, &models).span.bytes) == daemon)
        }
    }

    @Test("Timeouts", arguments: 1...4)
    func timeouts(seed: UInt64) throws {
        var models = RandomModels(seed: seed)
        for _ in 0..<1_000 {
            let timeouts = models.timeouts()
            let attributes = Array(Request.setTimeouts(timeouts).sent.bytes[20...])
            // With 0, the kernel keeps a value.
            var expected = timeouts
            expected.tcp = expected.tcp ?? 0
            expected.tcpFIN = expected.tcpFIN ?? 0
            expected.udp = expected.udp ?? 0
            #expect(try Timeouts(decoding: attributes.span.bytes) == expected)
        }
    }

    @Test("Kernel information")
    func kernelInfo() throws {
        var models = RandomModels(seed: 1)
        for _ in 0..<1_000 {
            let parts = models.bytes(3)
            let size = models.number(0...UInt32.max)
            let packed = UInt32(parts[0]) << 16 | UInt32(parts[1]) << 8 | UInt32(parts[2])
            let bytes: [UInt8] =
                .attribute(IPVS_INFO_ATTR_VERSION, packed) + .attribute(IPVS_INFO_ATTR_CONN_TAB_SIZE, size)
            let info = try KernelInfo(decoding: bytes.span.bytes)
            #expect(info == KernelInfo(version: .init(parts[0], parts[1], parts[2]), connectionTableSize: size))
        }
    }
}
