import CIPVS
import Glibc
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Requests and their answers")
struct ExchangeTests {
    private let service = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
    private let other = VirtualServer(.firewallMark(7), scheduler: .sourceHashing, persistence: Persistence())
    private let third = VirtualServer(.udp(IPAddress(10, 96, 0, 3), 53), flags: .onePacket)

    @Test("A request carries its command, its flags, a new sequence number and the channel's port")
    func headers() throws {
        let channel = try ScriptedChannel.run([
            .take, .deliver([.ack]), .take, .deliver([.done()]),
        ]) { handle in
            try handle.add(service)
            _ = try handle.virtualServers()
        }
        let (add, list) = (channel.sent[1], channel.sent[2])
        #expect(add.command == IPVS_CMD_NEW_SERVICE)
        #expect(add.flags == UInt16(NLM_F_REQUEST | NLM_F_ACK))
        #expect(add.bytes.count == Int(add.bytes.load(UInt32.self, at: 0)))
        #expect(add.bytes[17] == 1)
        #expect(list.command == IPVS_CMD_GET_SERVICE)
        #expect(list.flags == UInt16(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ROOT | NLM_F_MATCH))
        #expect(Set(channel.sent.map(\.sequence)).count == 3)
        #expect(channel.sent.allSatisfy { $0.port == channel.port })
    }

    @Test("Interrupted system calls are repeated, however often")
    func interruptions() throws {
        let interrupted = Array(repeating: ScriptedChannel.Step.refuse(EINTR), count: 100)
        let unheard = Array(repeating: ScriptedChannel.Step.fail(EINTR), count: 100)
        let channel = try ScriptedChannel.run(
            interrupted + [.take] + unheard + [.deliver([.message(service.reply())])] + unheard + [.deliver([.ack])]
        ) { (handle) throws in
            #expect(try handle.virtualServer(service.id)?.server == service)
        }
        #expect(channel.sent.count == 2)
        #expect(channel.waits == Array(repeating: true, count: 202))
    }

    @Test("Interrupted while the rest of an answer is read: reading continues without waiting")
    func interruptedDrain() throws {
        let channel = try ScriptedChannel.run([
            .take, .fail(ENOBUFS), .fail(EINTR), .fail(EINTR), .deliver([.ack]),
        ]) { try $0.flush() }
        #expect(channel.waits == [true, false, false, false])
    }

    @Test("An answer in one datagram, in several, or a dump in many")
    func datagrams() throws {
        let replies = [service, other, third].map { Reply.message($0.reply()) }
        let shapes: [[ScriptedChannel.Step]] = [
            [.deliver(replies + [.done()])],
            [.deliver(replies), .deliver([.done()])],
            [.deliver(Array(replies[..<2])), .deliver([replies[2], .done()])],
            replies.map { .deliver([$0]) } + [.deliver([.done()])],
            // Before Linux 3.0 the end had no code.
            [.deliver(replies), .deliver([.done(nil)])],
            // An empty datagram is not the end.
            [.raw([]), .deliver(replies), .raw([]), .deliver([.done()])],
        ]
        for shape in shapes {
            let channel = try ScriptedChannel.run([.take] + shape) { (handle) throws in
                #expect(try handle.virtualServers().map(\.server) == [service, other, third])
            }
            #expect(channel.waits.allSatisfy { $0 })
        }
    }

    @Test("Messages from other processes are ignored")
    func strangers() throws {
        try ScriptedChannel.run([
            .take, .deliver([.error(EPERM)], sender: 4711), .deliver([.message(other.reply()), .done()], sender: 1),
            .raw([]), .deliver([.message(service.reply())]), .deliver([.ack], sender: .max), .deliver([.ack]),
        ]) { (handle) throws in
            #expect(try handle.virtualServer(service.id)?.server == service)
        }
    }

    @Test("Messages with another sequence number, port or type are ignored", arguments: [-1, 1, 100])
    func strays(offset: Int32) throws {
        var noop = Reply.ack
        noop.type = UInt16(NLMSG_NOOP)
        var foreign = Reply.message(other.reply())
        foreign.type = 0x1e
        try ScriptedChannel.run([
            .take,
            .deliver([
                .error(EPERM).sequence(offset: offset), .message(other.reply()).sequence(offset: offset),
                .error(EPERM).port(offset: offset), .message(other.reply()).port(offset: offset), noop, foreign,
            ]),
            .deliver([.done(EPERM).sequence(offset: offset)]),
            .deliver([.ack.port(offset: offset), .message(service.reply()), .ack.sequence(offset: offset), .ack]),
        ]) { (handle) throws in
            #expect(try handle.virtualServer(service.id)?.server == service)
        }
    }

    @Test("Messages after the end are ignored")
    func afterTheEnd() throws {
        try ScriptedChannel.run([
            .take, .deliver([.ack]),
            // The rest of the first answer, late.
            .take, .deliver([.error(EPERM).sequence(offset: -1)]), .deliver([.error(ESRCH)]),
            .take, .deliver([.ack]),
        ]) { handle in
            try handle.add(service)
            try expectError(.virtualServerNotFound) { try handle.delete(service.id) }
            try handle.flush()
        }
    }

    @Test("A system call that fails permanently is an error, and the next call works")
    func brokenSend() throws {
        try ScriptedChannel.run([.refuse(EPIPE), .take, .deliver([.ack])]) { handle in
            let error = try expectError { try handle.flush() }
            #expect(error.code == .system)
            #expect(error.errno == EPIPE)
            #expect("\(error)" == "can't delete all virtual servers: Broken pipe")
            try handle.flush()
        }
    }

    @Test("A message without its family's header is malformed", arguments: 0...3)
    func noHeader(length: Int) throws {
        let channel = try ScriptedChannel.run([
            .take, .deliver([Reply.message([]).cut(to: length)]), .deliver([.ack]), .take, .deliver([.ack]),
        ]) { handle in
            let error = try expectError { _ = try handle.virtualServer(service.id) }
            #expect(error.code == .malformedReply)
            #expect("\(error)".hasSuffix("a message lacks its family's header"))
            #expect(try handle.virtualServer(service.id) == nil)
        }
        #expect(channel.waits == [true, false, true])
    }

    @Test("Wrong lengths are malformed, and the remaining data is read without waiting")
    func lyingLengths() throws {
        for (length, problem) in [
            (15, "a message has a length of 15 where 20 are left"),
            (0, "a message has a length of 0 where 20 are left"),
            (21, "a message has a length of 21 where 20 are left"),
        ] {
            let bytes = [UInt8](UInt32(length)) + Array(repeating: 0, count: 16)
            let channel = try ScriptedChannel.run([.take, .raw(bytes), .fail(EAGAIN)]) { handle in
                let error = try expectError { _ = try handle.timeouts() }
                #expect("\(error)" == "can't read the timeouts: the kernel's reply can't be understood: \(problem)")
            }
            #expect(channel.waits == [true, false])
        }
        try ScriptedChannel.run([.take, .raw(Array(repeating: 0, count: 9)), .deliver([.ack])]) { handle in
            let error = try expectError { _ = try handle.timeouts() }
            #expect("\(error)".hasSuffix("a datagram ends in 9 stray bytes"))
        }
    }

    @Test("The error of a malformed entry in a dump names the attribute; the rest is read, and the next call works")
    func malformedEntry() throws {
        let broken = service.wire.attributes.filter { $0.key != IPVS_SVC_ATTR_PORT }
            .flatMap { [UInt8].attribute($0, $1) }
        let entry = Reply.message(.attribute(IPVS_CMD_ATTR_SERVICE, broken))
        let channel = try ScriptedChannel.run([
            .take, .deliver([.message(service.reply()), entry, .message(third.reply())]),
            .deliver([.message(other.reply())]), .deliver([.done()]),
            .take, .deliver([.message(other.reply()), .done()]),
        ]) { handle in
            let error = try expectError { _ = try handle.virtualServers() }
            #expect(error.code == .malformedReply)
            #expect(
                "\(error)"
                    == "can't list virtual servers: the kernel's reply can't be understood: IPVS_SVC_ATTR_PORT is missing"
            )
            #expect(try handle.virtualServers().map(\.server) == [other])
        }
        #expect(channel.waits == [true, false, false, true])
        // There was one request: another would get the same answer.
        #expect(channel.sent.count == 3)
    }

    @Test("The first error is reported, not the acknowledgement that follows it")
    func firstFailure() throws {
        try ScriptedChannel.run([.take, .deliver([.message([])]), .deliver([.error(EPERM)])]) { handle in
            let error = try expectError { _ = try handle.virtualServers() }
            #expect(error.code == .malformedReply)
            #expect("\(error)".hasSuffix("IPVS_CMD_ATTR_SERVICE is missing"))
        }
    }
}
