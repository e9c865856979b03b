import CIPVS
import CRTNetlink
import IPVSProxyTestKernel
import IPVSTestKernel
import Metrics
import Synchronization
import Testing

@testable import IPVS
@testable import IPVSNode
@testable import IPVSProxy
@testable import IPVSProxyNFTables
@testable import Netlink

extension PacketKernelTests {
    /// A proxier whose process ends at any write of its syncs, and the next one's work on what it left.
    @Suite struct LastWrites {
        /// In the first sync, the services are others than in the second.
        private static let first: [LabService] = [.web, .open, .local, .ranged]

        /// Two syncs, of which no write from a number on reaches the kernel. Returns whether all did.
        private func syncTwice(_ path: String, lastingUntil write: Int) async throws -> Bool {
            let life = Life()
            let place = NetworkNamespace.path(path)
            let held = try HeldNamespace(path: path)
            func socket(_ number: Int32) throws -> MortalSocket {
                MortalSocket(try NetlinkSocket(in: held, protocol: number), life)
            }
            let kernel = NodeSync.Kernel(
                table: try Handle(channel: try socket(NETLINK_GENERIC)),
                binder: try AddressBinder(channel: try socket(NETLINK_ROUTE)),
                sysctls: Sysctls(files: MortalFiles(files: KernelSysctlFiles(namespace: place), life: life)),
                packetFilter: MortalFilter(filter: try NFTables(namespace: place), life: life)
            )
            let configuration = LabNode.configuration(path)
            let proxier = Proxier(configuration, kernel, logger: .silent, metrics: NOOPMetricsHandler.instance) {
                ContinuousClock.now
            }
            life.limit(to: write - 1)
            await proxier.tell([TransportProtocol.tcp], Self.first)
            _ = try? await proxier.sync()
            for service in Self.first.dropFirst(2) {
                await proxier.onServiceDelete(service.definition([TransportProtocol.tcp]))
                await proxier.onEndpointSliceDelete(service.slice([TransportProtocol.tcp]))
            }
            if !life.isOver {
                await proxier.tell(
                    [TransportProtocol.tcp],
                    LabService.allCases.filter { !Self.first.dropFirst(2).contains($0) }
                )
                _ = try? await proxier.sync()
            }
            return !life.isOver
        }

        @Test func theNextOneMakesItRight() async throws {
            let lab = try PacketLab.shared.get()
            let node = LabNode(lab: lab)
            let before = try node.state()
            func converge() async throws -> (work: SyncReport, state: NodeState) {
                let proxier = try node.proxier()
                await proxier.tell([TransportProtocol.tcp])
                let report = try await proxier.syncWell()
                return (report, try node.state())
            }
            let right = try await converge().state
            // Not each write, as each takes seconds. What was left to do shows how far the one before came.
            var (write, count, seen) = (Int.random(in: 1...Endurance.writesPerEnd), 0, Set<SyncReport>())
            while true {
                try await node.proxier().cleanup()
                if try await syncTwice(node.namespace.path, lastingUntil: write) { break }
                let (work, state) = try await converge()
                seen.insert(work)
                #expect(state == right, "ended at write \(write)")
                write += Endurance.writesPerEnd
                count += 1
            }
            print("ended at \(count) writes, with \(seen.count) different amounts of work left")
            #expect(seen.count > count / 2)
            _ = try await converge()
            try lab.expectAllRight("after \(count) proxiers that ended in a sync", RowTable.groups, [.tcp])
            try await node.proxier().cleanup()
            #expect(try node.state() == before)
        }
    }
}

/// How many writes of a proxier reach the kernel. After them it is as if its process had been killed.
private final class Life: Sendable {
    private let writesLeft = Mutex(Int.max)

    /// From now on, so many reach it.
    func limit(to count: Int) { writesLeft.withLock { $0 = count } }

    var isOver: Bool { writesLeft.withLock { $0 < 0 } }

    /// Counts a write. Returns false if it must not reach the kernel.
    func write() -> Bool {
        writesLeft.withLock { left in
            left -= left < 0 ? 0 : 1
            return left >= 0
        }
    }
}

/// A netlink socket of such a proxier. It sends so little at a time that there are many writes.
private final class MortalSocket: Channel {
    private let socket: NetlinkSocket
    private let life: Life

    init(_ socket: NetlinkSocket, _ life: Life) { (self.socket, self.life) = (socket, life) }

    var port: UInt32 { socket.port }

    var answerCapacity: Int { 40 }

    func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        // The flags are the fourth number of 16 bits. Those of a request for a list, NLM_F_DUMP, are NLM_F_REPLACE and
        // NLM_F_EXCL of a write, which exclude each other.
        let isRead = bytes.count > 8 && bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self) & 0x300 == 0x300
        guard isRead ? !life.isOver : life.write() else { throw SystemError(errno: EIO, call: .send) }
        try socket.send(bytes)
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        try socket.receive(into: buffer, wait: wait)
    }

    func close() { socket.close() }
}

/// The settings' files of such a proxier.
private struct MortalFiles: SysctlFiles {
    let files: KernelSysctlFiles
    let life: Life

    var namespace: NetworkNamespace? { files.namespace }

    func read(_ path: String) throws(SystemError) -> String { try files.read(path) }

    func write(_ text: String, to path: String) throws(SystemError) {
        guard life.write() else { throw SystemError(errno: EIO, call: .write) }
        try files.write(text, to: path)
    }
}

/// The packet rules of such a proxier.
private struct MortalFilter: PacketFilter {
    let filter: NFTables
    let life: Life

    func check(_ options: PacketRules.Options) throws(PacketFilterError) { try filter.check(options) }

    func isUnchanged() throws(PacketFilterError) -> Bool { try filter.isUnchanged() }

    func difference(to rules: PacketRules) throws(PacketFilterError) -> PacketRules.Difference {
        try filter.difference(to: rules)
    }

    func write(_ difference: PacketRules.Difference) throws(PacketFilterError) {
        guard life.write() else { throw PacketFilterError(.other, "its process has ended") }
        try filter.write(difference)
    }

    func remove() throws(PacketFilterError) -> Bool { try filter.remove() }

    func obstacles() throws(PacketFilterError) -> [PacketObstacle] { try filter.obstacles() }
}
