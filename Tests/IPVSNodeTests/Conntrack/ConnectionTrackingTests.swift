import Glibc
import IPVS
import Testing

@testable import IPVSNode
@testable import Netlink

@Suite("Tracked connections")
struct ConnectionTrackingTests {
    typealias Entry = ConntrackKernel.Entry

    static let four = Endpoint(IPAddress(10, 96, 0, 10), 53)
    static let six = Endpoint(IPAddress(bytes: [0xfd] + [UInt8](repeating: 0, count: 14) + [9]) ?? four.address, 53)
    static let client = Endpoint(IPAddress(192, 0, 2, 7), 5_000)
    static let sixClient = Endpoint(
        IPAddress(bytes: [0xfd] + [UInt8](repeating: 0, count: 14) + [7]) ?? four.address,
        5_000
    )
    static let endpoint = Endpoint(IPAddress(10, 244, 0, 5), 5_353)

    /// Entries to delete, and others that differ from them in one respect.
    static let stale = [Entry(client, four, id: 1), Entry(sixClient, six, id: 0x8000_0002)]
    static let others = [
        Entry(client, four, transport: .tcp, id: 3), Entry(client, four, answeredBy: endpoint, id: 4),
        Entry(client, Endpoint(four.address, 54), id: 5), Entry(client, Endpoint(IPAddress(10, 96, 0, 11), 53), id: 6),
        Entry(client, four, answeredBy: Endpoint(four.address, 5_353), id: 7), Entry(four, client, id: 8),
    ]

    /// An entry in a list of Linux 6.12.
    static let captured = [UInt8](
        hex: "02000000" + "34000180" + "14000180" + "08000100c0000201" + "08000200c0000201"
            + "1c000280" + "0500010011000000" + "0600020013890000" + "0600030000350000"
            + "34000280" + "14000180" + "08000100c0000201" + "08000200c0000201"
            + "1c000280" + "0500010011000000" + "0600020000350000" + "0600030013890000"
            + "0800030000000008" + "0800080000000000" + "08000c00aa5b4d9c" + "08000b0000000001" + "080007000000001a"
    )

    @Test("Only UDP to the endpoints without translation is deleted, in both families")
    func theRightOnes() throws {
        let kernel = ConntrackKernel(Self.others + Self.stale)
        let tracking = ConnectionTracking(channel: kernel)
        #expect(try tracking.deleteUntranslatedUDP(to: [Self.four, Self.six]) == 2)
        #expect(kernel.with { $0.entries } == Self.others)
        #expect(kernel.messages.count { $0.isList } == 1)
        #expect(try tracking.deleteUntranslatedUDP(to: [Self.four, Self.six]) == 0)
    }

    @Test("Without endpoints, the kernel is not asked")
    func none() throws {
        let kernel = ConntrackKernel(Self.stale)
        #expect(try ConnectionTracking(channel: kernel).deleteUntranslatedUDP(to: []) == 0)
        #expect(kernel.messages.isEmpty)
    }

    @Test("Of entries in several zones with the same addresses, each is deleted in its own")
    func zones() throws {
        var (zoned, oneWay) = (Self.stale[0], Self.stale[0])
        (zoned.zone, zoned.id) = (7, 21)
        (oneWay.originalZone, oneWay.id) = (258, 22)
        let kernel = ConntrackKernel([zoned, Self.stale[0], oneWay])
        let tracking = ConnectionTracking(channel: kernel)
        #expect(try tracking.deleteUntranslatedUDP(to: [Self.four]) == 3)
        #expect(kernel.with { $0.entries.isEmpty })
    }

    @Test("Thousands of entries need few system calls")
    func many() throws {
        let entries = (0..<5_000).map { Entry(Endpoint(IPAddress(ipv4: 0xc000_0200 + $0), 9), Self.four, id: $0) }
        let kernel = ConntrackKernel(answerCapacity: 1_000, entries + Self.others)
        #expect(try ConnectionTracking(channel: kernel).deleteUntranslatedUDP(to: [Self.four]) == 5_000)
        #expect(kernel.with { $0.entries } == Self.others)
        #expect(kernel.with { $0.sends.count } < 30)
        #expect(kernel.with { $0.sends.allSatisfy { $0.count <= 1_000 } })
    }

    @Test("Entries that end meanwhile, or are replaced by others, are not errors")
    func goneMeanwhile() throws {
        let kernel = ConntrackKernel(Self.stale)
        kernel.with { state in
            state.interfere = { message, state in
                guard !message.isList else { return }
                state.entries.removeAll { $0 == Self.stale[1] }
                if state.entries.first?.id == 1 { state.entries[0].id = 99 }
            }
        }
        #expect(try ConnectionTracking(channel: kernel).deleteUntranslatedUDP(to: [Self.four, Self.six]) == 0)
        #expect(kernel.with { $0.entries.map(\.id) } == [99])
    }

    @Test("A list that is interrupted is repeated, though not forever")
    func interrupted() throws {
        let kernel = ConntrackKernel(Self.stale)
        kernel.with { $0.interruptions = 2 }
        let tracking = ConnectionTracking(channel: kernel)
        #expect(try tracking.deleteUntranslatedUDP(to: [Self.four]) == 1)
        kernel.with { $0.interruptions = 1_000 }
        let error = #expect(throws: ConnectionTrackingError.self) {
            try tracking.deleteUntranslatedUDP(to: [Self.six])
        }
        #expect(error?.code == .connectionsChanging)
        #expect(error?.description == "can't list tracked connections: they changed each time they were read")
    }

    @Test("A kernel without ctnetlink has nothing to delete", arguments: [EINVAL, EOPNOTSUPP])
    func absent(errno: Int32) throws {
        let kernel = ConntrackKernel(Self.stale)
        kernel.with { $0.verdict = { _ in errno } }
        #expect(try ConnectionTracking(channel: kernel).deleteUntranslatedUDP(to: [Self.four]) == 0)
        #expect(try ConnectionTracking(channel: nil).deleteUntranslatedUDP(to: [Self.four]) == 0)
    }

    @Test("Errors say what could not be done, and one entry doesn't stop the others")
    func errors() throws {
        let kernel = ConntrackKernel(Self.stale)
        let tracking = ConnectionTracking(channel: kernel)
        kernel.with { $0.verdict = { $0.isList ? EPERM : nil } }
        let denied = #expect(throws: ConnectionTrackingError.self) {
            try tracking.deleteUntranslatedUDP(to: [Self.four])
        }
        #expect(denied?.code == .permissionDenied && denied?.errno == EPERM)
        let reason = "not permitted; this requires CAP_NET_ADMIN, which root has"
        #expect(denied?.description == "can't list tracked connections: \(reason)")

        kernel.with { $0.verdict = { !$0.isList && $0.payload[0] == UInt8(AF_INET) ? EBUSY : nil } }
        let busy = #expect(throws: ConnectionTrackingError.self) {
            try tracking.deleteUntranslatedUDP(to: [Self.four, Self.six])
        }
        #expect(busy?.code == .system)
        #expect(
            busy?.description
                == "can't delete the tracked UDP connection from 192.0.2.7:5000 to 10.96.0.10:53: Device or resource busy"
        )
        #expect(kernel.with { $0.entries } == [Self.stale[0]])

        tracking.close()
        let closed = #expect(throws: ConnectionTrackingError.self) {
            try tracking.deleteUntranslatedUDP(to: [Self.four])
        }
        #expect(closed?.code == .closed)
    }
}

@Suite("ctnetlink messages")
struct TrackedUDPTests {
    private let wanted: Set<Endpoint> = [ConnectionTrackingTests.four]
    private let bytes = ConnectionTrackingTests.stale[0].payload

    private func decode(_ bytes: [UInt8]) throws -> TrackedUDP? {
        try TrackedUDP(decoding: bytes.span.bytes, ifSentTo: wanted)
    }

    @Test("An entry of Linux 6.12, from port 5001 to port 53 of the same address")
    func captured() throws {
        let entry = try TrackedUDP(
            decoding: ConnectionTrackingTests.captured.span.bytes,
            ifSentTo: [Endpoint(IPAddress(192, 0, 2, 1), 53)]
        )
        let source = Endpoint(IPAddress(192, 0, 2, 1), 5_001)
        #expect(entry?.source == source && entry?.destination == Endpoint(IPAddress(192, 0, 2, 1), 53))
        #expect(entry?.id == 0xaa5b_4d9c && entry?.zone == nil && entry?.originalZone == nil)
    }

    @Test("Truncated messages are errors or none, and are never read beyond their end")
    func cut() throws {
        #expect(try decode(bytes)?.id == 1)
        for length in 0..<bytes.count {
            do {
                let entry = try decode(Array(bytes.prefix(length)))
                // Without what follows both tuples.
                #expect(entry?.destination == ConnectionTrackingTests.four && length > 100, "\(length) bytes")
            } catch {
                #expect(error is MalformedReply)
            }
        }
    }

    @Test("Families other than IPv4 and IPv6 are skipped, and values of the wrong length are errors")
    func odd() throws {
        #expect(try decode([7] + bytes.dropFirst()) == nil)
        let error = #expect(throws: MalformedReply.self) { try decode([10] + bytes.dropFirst()) }
        #expect(error?.description == "CTA_TUPLE_IP lacks an address")
    }
}
