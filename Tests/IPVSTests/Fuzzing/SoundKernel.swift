import CIPVS
import CNetlinkShim
import Glibc
import IPVSFuzzing
import IPVSTestModels

@testable import IPVS
@testable import Netlink

/// A kernel with two virtual servers that answers each request, for the time before and after a script.
final class SoundKernel: Channel {
    static let endpoint = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 443), scheduler: .roundRobin)
    static let mark = VirtualServer(.firewallMark(7, .ipv6), persistence: Persistence(timeout: 60))
    static let real = RealServer(IPAddress(10, 244, 1, 5), 6443, forwarding: .masquerade)

    let port: UInt32 = 0xcafe_0003
    let answerCapacity = 1_000
    private let pending = Locked<ArraySlice<[UInt8]>>([])

    func send(_ bytes: UnsafeRawBufferPointer) {
        var rest = Array(bytes)
        while rest.count >= 20 {
            let length = Int(rest.load(UInt32.self, at: 0))
            let request = SentRequest(bytes: Array(rest.prefix(length)))
            pending.withLock { $0 += Self.answer(to: request).map { $0.bytes(for: request) } }
            rest.removeFirst(min(rest.count, (length + 3) & ~3))
        }
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer, wait: Bool) throws(SystemError) -> Datagram {
        guard let bytes = pending.withLock({ $0.popFirst() }) else { throw SystemError(errno: EAGAIN, call: .receive) }
        buffer.copyBytes(from: bytes.prefix(buffer.count))
        return Datagram(length: bytes.count, sender: 0)
    }

    func close() {}

    private static func answer(to request: SentRequest) -> [Reply] {
        if request.type == UInt16(GENL_ID_CTRL), request.command == Int(CTRL_CMD_GETFAMILY) {
            return [.family(ScriptedChannel.family), .ack]
        }
        // A number that the script has given to the family.
        guard request.type == ScriptedChannel.family else { return [.error(ENOENT)] }
        switch request.command {
        case IPVS_CMD_GET_SERVICE: return [.message(endpoint.reply()), .message(mark.reply()), .done()]
        case IPVS_CMD_GET_DEST:
            let isMark = request.attributes[IPVS_CMD_ATTR_SERVICE]?.attributes[IPVS_SVC_ATTR_FWMARK] != nil
            return isMark ? [.done()] : [.message(real.reply()), .done()]
        default: return request.flags & UInt16(NLM_F_ACK) == 0 ? [] : [.ack]
        }
    }
}

extension Handle {
    /// Expects the right answers of a sound kernel, whatever the handle has received before.
    func checkSound() throws {
        let servers = try virtualServers().map(\.server)
        try hold(servers == [SoundKernel.endpoint, SoundKernel.mark], "the virtual servers are \(servers)")
        let table = try table()
        let entries = [
            try Table.Entry(SoundKernel.endpoint, realServers: [SoundKernel.real]), Table.Entry(SoundKernel.mark),
        ]
        try hold(table.entries == entries, "the table is \(table)")
        var batch = Batch()
        batch.add(SoundKernel.real, to: SoundKernel.endpoint.id)
        batch.delete(SoundKernel.mark.id)
        let outcome = try perform(batch)
        try hold(outcome.succeeded == 2 && outcome.failures.isEmpty, "the outcome of a batch is \(outcome)")
    }
}
