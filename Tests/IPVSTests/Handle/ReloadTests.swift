import CIPVS
import CNetlinkShim
import Glibc
import Testing

@testable import IPVS
@testable import Netlink

@Suite("The module is reloaded")
struct ReloadTests {
    private let service = VirtualServer(.firewallMark(7), scheduler: .roundRobin)
    private typealias Script = ScriptedChannel

    @Test("A request to an outdated number is repeated with the new one, which later requests use")
    func newNumber() throws {
        let channel = try Script.run(
            [.take, .deliver([.error(ENOENT)])] + Script.opening(0x2e)
                + [.take, .deliver([.ack]), .take, .deliver([.ack])]
        ) { handle in
            try handle.add(service)
            try handle.flush()
        }
        let control = UInt16(GENL_ID_CTRL)
        #expect(channel.sent.map(\.type) == [control, Script.family, control, 0x2e, 0x2e])
        #expect(channel.sent[1].bytes[16...] == channel.sent[3].bytes[16...])
    }

    @Test("A list is repeated completely")
    func list() throws {
        try Script.run(
            [.take, .deliver([.error(ENOENT)])] + Script.opening(0x2e)
                + [.take, .deliver([.message(service.reply()), .done()])]
        ) { (handle) throws in
            #expect(try handle.virtualServers().map(\.server) == [service])
        }
    }

    @Test("An unchanged number: the answer has its usual meaning for the command")
    func sameNumber() throws {
        let channel = try Script.run([.take, .deliver([.error(ENOENT)])] + Script.opening()) { handle in
            try expectError(.schedulerNotFound) { try handle.add(service) }
        }
        #expect(channel.sent.count == 3)
    }

    @Test("A refusal under the new number is reported")
    func refusedAgain() throws {
        let channel = try Script.run(
            [.take, .deliver([.error(ENOENT)])] + Script.opening(0x2e) + [.take, .deliver([.error(ENOENT)])]
        ) { handle in
            try expectError(.schedulerNotFound) { try handle.add(service) }
        }
        #expect(channel.sent.count == 4)
    }

    @Test("A module that is not loaded again is reported as missing, whatever the request")
    func gone() throws {
        try Script.run(
            [.take, .deliver([.error(ENOENT)]), .take, .deliver([.error(ENOENT)]), .take, .deliver([.error(ENOENT)])]
        ) { handle in
            let first = try expectError { try handle.add(service) }
            #expect(first.code == .ipvsUnavailable)
            #expect(
                "\(first)" == "can't add virtual server FWM 7: this kernel has no IPVS; "
                    + "load its module (modprobe ip_vs) or use a kernel that has it (CONFIG_IP_VS)"
            )
            // The next call looks up the number first.
            try expectError(.ipvsUnavailable) { _ = try handle.virtualServers() }
        }
    }

    @Test("A module that is loaded later is found by the next call")
    func comesBack() throws {
        let channel = try Script.run(
            [.take, .deliver([.error(ENOENT)]), .take, .deliver([.error(ENOENT)])] + Script.opening(0x2e)
                + [.take, .deliver([.ack])]
        ) { handle in
            _ = try expectError { try handle.flush() }
            try handle.flush()
        }
        #expect(channel.sent.last?.type == 0x2e)
    }

    @Test("The number can't be looked up again: the request is not sent to the old one")
    func noNumber() throws {
        let channel = try Script.run(
            [.take, .deliver([.error(ENOENT)]), .take, .deliver([.ack]), .take, .deliver([.ack])]
        ) { handle in
            try expectError(.malformedReply) { try handle.flush() }
            try expectError(.malformedReply) { try handle.flush() }
        }
        let control = UInt16(GENL_ID_CTRL)
        #expect(channel.sent.map(\.type) == [control, Script.family, control, control])
    }
}
