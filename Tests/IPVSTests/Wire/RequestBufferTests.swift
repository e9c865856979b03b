import CIPVS
import IPVSTestModels
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Buffers of requests")
struct RequestBufferTests {
    /// Expects that a buffer holds these requests, each the same as libnl's except for its flags and numbers.
    private func expect(
        _ buffer: inout RequestBuffer,
        _ requests: [Request],
        from sequence: UInt32 = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        buffer.address(type: 0x1d, port: 9, sequence: sequence, answers: .last)
        let bytes = buffer.withBytes { Array($0) }
        let sent = BatchKernel.split(bytes)
        #expect(buffer.count == requests.count, sourceLocation: sourceLocation)
        expectSent(sent, requests, sourceLocation: sourceLocation)
        #expect(sent.map { $0.bytes.count } == requests.map { $0.sent.bytes.count }, sourceLocation: sourceLocation)
        #expect(sent.allSatisfy { $0.type == 0x1d && $0.port == 9 }, sourceLocation: sourceLocation)
        let acknowledged = sent.map { $0.flags & UInt16(NLM_F_ACK) != 0 }
        let isLast = requests.indices.map { $0 == requests.count - 1 }
        #expect(acknowledged == isLast, sourceLocation: sourceLocation)
        let others = ~UInt16(NLM_F_ACK)
        #expect(sent.map { $0.flags & others } == requests.map { $0.flags & others }, sourceLocation: sourceLocation)
        let sequences = requests.indices.map { sequence &+ UInt32($0) }
        #expect(sent.map(\.sequence) == sequences, sourceLocation: sourceLocation)
        expectReadBack(buffer, requests, sourceLocation)
    }

    /// Expects that the changes among the requests in a buffer are recognized by their bytes.
    private func expectReadBack(
        _ buffer: borrowing RequestBuffer,
        _ requests: [Request],
        _ sourceLocation: SourceLocation
    ) {
        var places = 0
        buffer.forEach { place, command, attributes in
            #expect(place == places && command == requests[place].command, sourceLocation: sourceLocation)
            places += 1
            switch requests[place] {
            case .addVirtualServer, .updateVirtualServer, .deleteVirtualServer, .addRealServer, .updateRealServer,
                .deleteRealServer:
                let request = Request(command: command, decodingSent: attributes)
                #expect(request == requests[place], sourceLocation: sourceLocation)
            default: break
            }
        }
        #expect(places == requests.count, sourceLocation: sourceLocation)
    }

    /// Appends requests, each until it is in the buffer, and expects the right bytes whenever the buffer is full.
    private func pass(_ requests: [Request], through buffer: inout RequestBuffer) {
        var held: [Request] = []
        var sequence = UInt32.max - 100
        for request in requests {
            if !buffer.append(request) {
                expect(&buffer, held, from: sequence)
                sequence &+= UInt32(held.count)
                held = []
                buffer.removeAll()
                let fits = buffer.append(request)
                #expect(fits, "an empty buffer has no room for \(request)")
            }
            held.append(request)
        }
        expect(&buffer, held, from: sequence)
        buffer.removeAll()
    }

    @Test("Requests captured from ipvsadm are the same as libnl's", arguments: Capture.all)
    func captured(_ capture: Capture) throws {
        var requests: [Request] = []
        for exchange in capture.exchanges {
            for message in exchange.messages {
                let bytes = [UInt8](hex: message.request)
                switch Int(bytes[0]) {
                case IPVS_CMD_GET_INFO: requests.append(.readInfo)
                case IPVS_CMD_GET_DEST: requests.append(.readRealServers(.firewallMark(UInt32(requests.count + 1))))
                default: requests.append(try #require(IPVSAdmLine(exchange.command).request, "\(exchange.command)"))
                }
            }
        }
        #expect(requests.count > 200)
        var models = RandomModels(seed: 31)
        var buffer = RequestBuffer(capacity: 16 * 1024)
        pass(requests, through: &buffer)
        for _ in 0..<5 { pass(models.shuffled(requests), through: &buffer) }
    }

    @Test("Thousands of requests in any order through one buffer", arguments: [1, 2, 3])
    func random(seed: UInt64) {
        var models = RandomModels(seed: seed)
        let requests = (0..<1_000).flatMap { _ -> [Request] in
            let server = models.virtualServer()
            let real = models.realServer(for: server.id)
            return [
                .addVirtualServer(server), .updateVirtualServer(server), .deleteVirtualServer(server.id),
                .addRealServer(real, server.id), .updateRealServer(real, server.id),
                .deleteRealServer(real.endpoint, server.id),
            ]
        }
        var buffer = RequestBuffer(capacity: 10_000)
        pass(models.shuffled(requests), through: &buffer)
        var small = RequestBuffer(capacity: 512)
        pass(models.shuffled(requests), through: &small)
    }

    @Test("Names of every length, with and without a persistence engine")
    func names() {
        var models = RandomModels(seed: 5)
        var requests: [Request] = []
        for scheduler in 1...15 {
            for engine in 0...16 {
                let name = PersistenceEngine(rawValue: String(repeating: "e", count: engine))
                for family in [IPAddress.Family.ipv4, .ipv6] {
                    let server = VirtualServer(
                        .firewallMark(UInt32(scheduler), family),
                        scheduler: Scheduler(rawValue: String(repeating: "s", count: scheduler)),
                        persistenceEngine: engine == 0 ? nil : name
                    )
                    requests += [.addVirtualServer(server), .updateVirtualServer(server)]
                }
            }
        }
        var buffer = RequestBuffer(capacity: 4_096)
        pass(models.shuffled(requests), through: &buffer)
    }

    @Test("A wrong guess at the shape is detected each time")
    func wrongGuesses() throws {
        let id = VirtualServer.Identity.tcp(IPAddress(10, 96, 0, 1), 80)
        let groups: [[Request]] = [
            [
                .setTimeouts(Timeouts(tcp: 1)), .setTimeouts(Timeouts(tcpFIN: 2, udp: 3)),
                .setTimeouts(Timeouts(udp: 4)), .setTimeouts(Timeouts(tcp: 5, tcpFIN: 6, udp: 7)),
            ],
            [
                .startDaemon(SyncDaemon(.master, interface: "lo")),
                .startDaemon(SyncDaemon(.backup, interface: "eth0")),
                .startDaemon(SyncDaemon(.master, interface: "eth1", syncID: 7, group: IPAddress(224, 0, 0, 81))),
                .startDaemon(SyncDaemon(.master, interface: "eth1", maximumLength: 1_400, port: 8_848, timeToLive: 2)),
            ],
            [.zeroCounters(nil), .zeroCounters(id), .zeroCounters(.firewallMark(7))],
            [.readVirtualServers, .readVirtualServer(id), .readVirtualServer(.firewallMark(7, .ipv6))],
        ]
        var models = RandomModels(seed: 6)
        for group in groups {
            let shapes = group.map(\.shape)
            // The guesses for the last two groups are right.
            #expect(shapes.dropFirst().contains { $0 == shapes[0] } || group.count == 3)
            // Twice, so that each shape follows each other one.
            let pairs = group.flatMap { first in group.flatMap { [first, $0] } }
            var buffer = RequestBuffer(capacity: 2_048)
            pass(pairs, through: &buffer)
            pass(models.shuffled(pairs + pairs), through: &buffer)
        }
    }

    @Test("As many requests as fit, at every size")
    func boundaries() {
        let requests = Handle.Batch.sample
        let sizes = requests.map { $0.sent.bytes.count }
        for capacity in 0...sizes.reduce(0, +) + 4 {
            var buffer = RequestBuffer(capacity: capacity)
            var room = capacity
            let fitting = requests.indices.prefix { index in
                room -= sizes[index]
                return room >= 0
            }
            // The second time the templates exist.
            for _ in 0..<2 {
                for index in fitting {
                    let fits = buffer.append(requests[index])
                    #expect(fits, "\(capacity) bytes")
                }
                if fitting.count < requests.count {
                    // It fails each time, and leaves the contents unchanged.
                    for _ in 0..<2 {
                        let fits = buffer.append(requests[fitting.count])
                        #expect(!fits, "\(capacity) bytes")
                    }
                }
                expect(&buffer, Array(requests[fitting.indices]))
                buffer.removeAll()
                expect(&buffer, [])
            }
        }
    }

    @Test("A single request keeps its own flags, whatever it was sent with before")
    func flags() {
        let requests: [Request] = [.readVirtualServers, .readInfo, .flush, .readRealServers(.firewallMark(7))]
        var buffer = RequestBuffer()
        for _ in 0..<2 {
            for request in requests {
                _ = buffer.append(request)
                buffer.address(type: 0x1d, port: 9, sequence: 3, answers: .asked)
                #expect(BatchKernel.split(buffer.withBytes { Array($0) }).map(\.flags) == [request.flags])
                buffer.address(type: 0x1d, port: 9, sequence: 3, answers: .last)
                buffer.removeAll()
            }
        }
    }
}
