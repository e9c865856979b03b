import Glibc
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Incomplete answers")
struct LostAnswerTests {
    private let service = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
    private let other = VirtualServer(.firewallMark(7), scheduler: .sourceHashing)
    private var message: Reply { .message(service.reply()) }
    private let lost =
        "can't delete all virtual servers: the kernel's answer was lost, so whether it took effect is unknown: list and see"

    @Test("An overrun before a change's acknowledgement doesn't matter if the acknowledgement arrives")
    func overrunBeforeAck() throws {
        let channel = try ScriptedChannel.run([
            .take, .fail(ENOBUFS), .deliver([.ack.sequence(offset: -1)]), .deliver([.ack]),
        ]) { try $0.flush() }
        #expect(channel.waits == [true, false, false])
        #expect(channel.sent.count == 2)
    }

    @Test("An overrun before a refusal doesn't hide the refusal")
    func overrunBeforeError() throws {
        try ScriptedChannel.run([.take, .fail(ENOBUFS), .deliver([.error(ESRCH)])]) { handle in
            try expectError(.virtualServerNotFound) { try handle.delete(service.id) }
        }
    }

    @Test("A change whose acknowledgement was dropped is lost, not repeated, and the next call works")
    func overrunInsteadOfAck() throws {
        let channel = try ScriptedChannel.run([
            .take, .fail(ENOBUFS), .fail(EAGAIN), .take, .deliver([.ack]),
        ]) { handle in
            let error = try expectError { try handle.flush() }
            #expect(error.code == .answerLost)
            #expect(error.errno == nil)
            #expect("\(error)" == lost)
            try handle.flush()
        }
        #expect(channel.waits == [true, false, true])
        #expect(channel.sent.count == 3)
    }

    @Test("An incomplete list is requested again, and only the second answer counts")
    func overrunWithinDump() throws {
        let channel = try ScriptedChannel.run([
            .take, .deliver([.message(other.reply())]), .fail(ENOBUFS), .deliver([.done()]),
            .take, .deliver([message]), .deliver([.message(other.reply()), .done()]),
        ]) { (handle) throws in
            #expect(try handle.virtualServers().map(\.server) == [service, other])
        }
        #expect(channel.waits == [true, true, false, true, true])
        #expect(channel.sent[1].bytes[16...] == channel.sent[2].bytes[16...])
        #expect(channel.sent[1].sequence != channel.sent[2].sequence)
    }

    @Test("A list whose end was dropped is requested again")
    func overrunInsteadOfDone() throws {
        try ScriptedChannel.run([
            .take, .fail(ENOBUFS), .deliver([message]), .fail(EAGAIN), .take, .deliver([message, .done()]),
        ]) { (handle) throws in
            #expect(try handle.virtualServers().map(\.server) == [service])
        }
    }

    @Test("The rest of the first answer is not mistaken for the second")
    func lateDump() throws {
        try ScriptedChannel.run([
            .take, .fail(ENOBUFS), .fail(EAGAIN),
            .take, .deliver([.message(other.reply()).sequence(offset: -1), .done(EPERM).sequence(offset: -1)]),
            .deliver([message, .done()]),
        ]) { (handle) throws in
            #expect(try handle.virtualServers().map(\.server) == [service])
        }
    }

    @Test("A list that is lost twice is lost, and the next call works")
    func twice() throws {
        let channel = try ScriptedChannel.run([
            .take, .fail(ENOBUFS), .deliver([message, .done()]),
            .take, .deliver([message]), .fail(ENOBUFS), .fail(EAGAIN),
            .take, .deliver([message, .done()]),
        ]) { handle in
            let error = try expectError { _ = try handle.virtualServers() }
            #expect(error.code == .answerLost)
            #expect("\(error)" == "can't list virtual servers: the kernel's answer was lost, twice")
            #expect(try handle.virtualServers().map(\.server) == [service])
        }
        #expect(channel.sent.count == 4)
    }

    @Test("An overrun after the end concerns the next call")
    func overrunAfter() throws {
        try ScriptedChannel.run([
            .take, .deliver([.ack]), .take, .fail(ENOBUFS), .deliver([.ack]),
            .take, .fail(ENOBUFS), .deliver([message, .done()]), .take, .deliver([message, .done()]),
        ]) { handle in
            try handle.flush()
            try handle.flush()
            #expect(try handle.virtualServers().count == 1)
        }
    }

    @Test("No answer at all: a change is lost at once, a list is requested once more")
    func silence() throws {
        try ScriptedChannel.run([.take, .fail(EAGAIN)]) { handle in
            let error = try expectError { try handle.flush() }
            #expect(error.code == .answerLost)
            #expect("\(error)" == lost)
        }
        try ScriptedChannel.run([.take, .deliver([message]), .fail(EAGAIN), .take, .deliver([message, .done()])]) {
            (handle) throws in
            #expect(try handle.virtualServers().count == 1)
        }
        try ScriptedChannel.run([.take, .fail(EAGAIN), .take, .fail(EAGAIN)]) { handle in
            try expectError(.answerLost) { _ = try handle.info() }
        }
    }

    @Test("A list that the kernel had no memory for is requested again, once")
    func noRoom() throws {
        try ScriptedChannel.run([.take, .deliver([.done(ENOBUFS)]), .take, .deliver([message, .done()])]) {
            (handle) throws in #expect(try handle.virtualServers().map(\.server) == [service])
        }
        try ScriptedChannel.run([.take, .deliver([.done(ENOBUFS)]), .take, .deliver([.done(ENOBUFS)])]) { handle in
            let error = try expectError { _ = try handle.virtualServers() }
            #expect(error.errno == ENOBUFS)
        }
        try ScriptedChannel.run([.take, .deliver([.error(ENOBUFS)])]) { handle in
            try expectError(.system) { try handle.flush() }
        }
    }

    @Test("A reply larger than the buffer: the buffer grows, and a list is requested again")
    func grows() throws {
        let services = (1...40).map { VirtualServer(.firewallMark($0), scheduler: .roundRobin) }
        let whole = services.map { Reply.message($0.reply()) }
        let channel = try ScriptedChannel.run(
            [
                .take, .deliver(whole), .deliver([.done()]), .take, .deliver(whole), .deliver([.done()]),
                .take, .deliver(whole), .deliver([.done()]),
            ],
            bufferSize: 256
        ) { (handle) throws in
            #expect(try handle.virtualServers().map(\.server) == services)
            // The buffer keeps its new size.
            #expect(try handle.virtualServers().map(\.server) == services)
        }
        #expect(channel.waits == [true, false, true, true, true, true])
    }

    @Test("A second part that is even larger is lost, and the next call has enough room")
    func growsTwice() throws {
        let small = (1...5).map { Reply.message(VirtualServer(.firewallMark($0)).reply()) }
        let large = (1...40).map { Reply.message(VirtualServer(.firewallMark($0)).reply()) }
        try ScriptedChannel.run(
            [
                .take, .deliver(small), .deliver([.done()]), .take, .deliver(large), .deliver([.done()]),
                .take, .deliver(large), .deliver([.done()]), .take, .deliver(large), .deliver([.done()]),
            ],
            bufferSize: 256
        ) { handle in
            try expectError(.answerLost) { _ = try handle.virtualServers() }
            #expect(try handle.virtualServers().count == 40)
        }
    }

    @Test("A reply that fills the buffer to the last byte is complete")
    func fitsExactly() throws {
        let size = message.bytes(for: Request.readVirtualServers.sent).count
        try #require(size > 100)
        let channel = try ScriptedChannel.run([.take, .deliver([message]), .deliver([.done()])], bufferSize: size) {
            (handle) throws in
            #expect(try handle.virtualServers().map(\.server) == [service])
        }
        #expect(channel.sent.count == 2)
        let short = try ScriptedChannel.run(
            [.take, .deliver([message]), .deliver([.done()]), .take, .deliver([message]), .deliver([.done()])],
            bufferSize: size - 1
        ) { (handle) throws in #expect(try handle.virtualServers().map(\.server) == [service]) }
        #expect(short.sent.count == 3)
    }

    @Test("A change's answer that is larger than the buffer is lost; the change is not repeated")
    func largeWrite() throws {
        let text = String(repeating: "x", count: 500)
        let channel = try ScriptedChannel.run(
            [
                .take, .deliver([.error(EINVAL, text: text)]), .fail(EAGAIN),
                .take, .deliver([.error(EINVAL, text: text)]),
            ],
            bufferSize: 256
        ) { handle in
            try expectError(.answerLost) { try handle.flush() }
            let error = try expectError { try handle.flush() }
            #expect(error.code == .invalidValue)
            #expect(error.kernelMessage == text)
        }
        #expect(channel.sent.count == 3)
    }
}
