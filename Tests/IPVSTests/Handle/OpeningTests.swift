import CIPVS
import CNetlinkShim
import Glibc
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Opening a handle")
struct OpeningTests {
    private func open(_ steps: [ScriptedChannel.Step]) throws -> (IPVSError, ScriptedChannel) {
        let channel = ScriptedChannel(steps)
        let error = try expectError { _ = try Handle(channel: channel) }
        #expect(channel.stepsLeft == 0)
        #expect(channel.calls.last == .close)
        #expect(channel.calls.filter { $0 == .close }.count == 1)
        return (error, channel)
    }

    @Test("The generic netlink controller is asked for the family by name")
    func request() throws {
        let channel = try ScriptedChannel.run([]) { _ in }
        let sent = try #require(channel.sent.first)
        #expect(sent.type == UInt16(GENL_ID_CTRL))
        #expect(sent.flags == UInt16(NLM_F_REQUEST | NLM_F_ACK))
        #expect(sent.command == Int(CTRL_CMD_GETFAMILY))
        #expect(sent.port == channel.port)
        #expect(sent.attributes == [Int(CTRL_ATTR_FAMILY_NAME): Array("IPVS\0".utf8)])
        #expect(channel.sent.count == 1)
    }

    @Test("Requests are sent to the family number that the controller reports")
    func familyNumber() throws {
        let channel = ScriptedChannel(ScriptedChannel.opening(0x1234) + [.take, .deliver([.ack])])
        try Handle(channel: channel).flush()
        #expect(channel.sent.map(\.type) == [UInt16(GENL_ID_CTRL), 0x1234])
    }

    @Test("A kernel without IPVS has its own error")
    func unavailable() throws {
        let (error, channel) = try open([.take, .deliver([.error(ENOENT)])])
        #expect(error.code == .ipvsUnavailable)
        #expect(error.errno == ENOENT)
        #expect(
            "\(error)" == "can't open IPVS: this kernel has no IPVS; "
                + "load its module (modprobe ip_vs) or use a kernel that has it (CONFIG_IP_VS)"
        )
        #expect(channel.sent.count == 1)
    }

    @Test("Missing privileges have their own error")
    func denied() throws {
        let (error, _) = try open([.take, .deliver([.error(EPERM)])])
        #expect(error.code == .permissionDenied)
        let (refused, _) = try open([.refuse(EPERM)])
        #expect(refused.code == .permissionDenied)
        #expect(refused.errno == EPERM)
    }

    @Test(
        "A reply without a valid family number is refused",
        arguments: [
            Reply.family(0), .family(15), .message([]), .message(.attribute(Int(CTRL_ATTR_FAMILY_NAME), "IPVS")),
        ]
    )
    func noNumber(reply: Reply) throws {
        let (error, channel) = try open([.take, .deliver([reply]), .deliver([.ack])])
        #expect(error.code == .malformedReply)
        #expect(
            "\(error)" == "can't open IPVS: the kernel's reply can't be understood: CTRL_ATTR_FAMILY_ID is missing"
        )
        // Nothing was sent to a number that was not reported.
        #expect(channel.sent.count == 1)
    }

    @Test("An acknowledgement alone has no number")
    func onlyAck() throws {
        let (error, _) = try open([.take, .deliver([.ack])])
        #expect(error.code == .malformedReply)
    }

    @Test("An error names a family number of the wrong size")
    func wrongSize() throws {
        let reply = Reply.message(.attribute(Int(CTRL_ATTR_FAMILY_ID), UInt32(0x1d)))
        let (error, _) = try open([.take, .deliver([reply]), .deliver([.ack])])
        #expect("\(error)".hasSuffix("CTRL_ATTR_FAMILY_ID has 4 bytes instead of 2"))
    }

    @Test("The smallest valid family number is accepted")
    func leastNumber() throws {
        let channel = ScriptedChannel(ScriptedChannel.opening(16))
        _ = try Handle(channel: channel)
        #expect(channel.stepsLeft == 0)
    }

    @Test("A socket that fails is a system error")
    func socketFails() throws {
        let (error, _) = try open([.refuse(ENOBUFS)])
        #expect(error.code == .system)
        #expect(error.errno == ENOBUFS)
        #expect("\(error)" == "can't open IPVS: No buffer space available")
    }

    @Test(
        "The error for a namespace that can't be entered names its path",
        arguments: [
            (.openNamespace, ENOENT, .namespaceNotFound, "no network namespace /run/netns/blue"),
            (.openNamespace, ENOTDIR, .namespaceNotFound, "no network namespace /run/netns/blue"),
            (.openNamespace, ESRCH, .namespaceNotFound, "no network namespace /run/netns/blue"),
            (.enterNamespace, EINVAL, .namespaceNotFound, "/run/netns/blue is not a network namespace"),
            (
                .enterNamespace, EPERM, .permissionDenied,
                "not permitted to enter network namespace /run/netns/blue; this requires CAP_SYS_ADMIN, which root has"
            ),
            (
                .openNamespace, EACCES, .permissionDenied,
                "not permitted to enter network namespace /run/netns/blue; this requires CAP_SYS_ADMIN, which root has"
            ),
            (.openNamespace, EMFILE, .system, "network namespace /run/netns/blue: Too many open files"),
            (.bind, EINVAL, .system, "network namespace /run/netns/blue: Invalid argument"),
        ] as [(SystemCall, Int32, IPVSError.Code, String)]
    )
    func namespace(call: SystemCall, errno: Int32, code: IPVSError.Code, sentence: String) {
        let error = IPVSError(
            .open,
            opening: NetworkNamespace.named("blue").path,
            SystemError(errno: errno, call: call)
        )
        #expect(error.code == code)
        #expect(error.errno == errno)
        #expect("\(error)" == "can't open IPVS: \(sentence)")
    }

    @Test("Namespaces are files")
    func namespaces() throws {
        #expect(NetworkNamespace.named("blue").path == "/run/netns/blue")
        #expect(NetworkNamespace.process(4711).path == "/proc/4711/ns/net")
        #expect(NetworkNamespace.path("/x/y") == NetworkNamespace.path("/x/y"))
        let error = try expectError { _ = try Handle(namespace: .path("/nowhere/at/all")) }
        #expect(error.code == .namespaceNotFound)
        #expect("\(error)" == "can't open IPVS: no network namespace /nowhere/at/all")
    }

    @Test("A handle that is released closes its channel, once")
    func closes() throws {
        let channel = try ScriptedChannel.run([]) { _ in }
        #expect(channel.calls.filter { $0 == .close }.count == 1)
        let closed = try ScriptedChannel.run([]) { handle in
            handle.close()
            handle.close()
        }
        #expect(closed.calls.filter { $0 == .close }.count == 1)
    }

    @Test("A closed handle throws an error, and sends nothing")
    func closedHandle() throws {
        let channel = try ScriptedChannel.run([]) { handle in
            handle.close()
            let error = try expectError { try handle.flush() }
            #expect(error.code == .handleClosed)
            #expect("\(error)" == "can't delete all virtual servers: the handle is closed")
            try expectError(.handleClosed) { _ = try handle.virtualServers() }
            try expectError(.handleClosed) { _ = try handle.virtualServer(.firewallMark(1)) }
        }
        #expect(channel.sent.count == 1)
    }
}
