import CIPVS
import CNetlinkShim
import Glibc
import Testing

@testable import IPVS
@testable import Netlink

@Suite("The module is unloaded and loaded again")
struct ReloadTests {
    private let service = VirtualServer(.firewallMark(7), scheduler: .roundRobin)
    private typealias Script = ScriptedChannel

    @Test("A request to a void number is made again with the new one, and so are those after it")
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

    @Test("A list is made again whole")
    func list() throws {
        try Script.run(
            [.take, .deliver([.error(ENOENT)])] + Script.opening(0x2e)
                + [.take, .deliver([.message(service.reply()), .done()])]
        ) { (handle) throws in
            #expect(try handle.virtualServers().map(\.server) == [service])
        }
    }

    @Test("The same number again: the answer means what it says for the command")
    func sameNumber() throws {
        let channel = try Script.run([.take, .deliver([.error(ENOENT)])] + Script.opening()) { handle in
            try expectError(.schedulerNotFound) { try handle.add(service) }
        }
        #expect(channel.sent.count == 3)
    }

    @Test("A refusal under the new number is told")
    func refusedAgain() throws {
        let channel = try Script.run(
            [.take, .deliver([.error(ENOENT)])] + Script.opening(0x2e) + [.take, .deliver([.error(ENOENT)])]
        ) { handle in
            try expectError(.schedulerNotFound) { try handle.add(service) }
        }
        #expect(channel.sent.count == 4)
    }

    @Test("A module that does not come back is not there, whatever was asked")
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
            // The next call asks for the number first.
            try expectError(.ipvsUnavailable) { _ = try handle.virtualServers() }
        }
    }

    @Test("A module that comes back later is found by the next call")
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

    @Test("No number while it is asked for again: the request is not sent to the old one")
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
