import CIPVS
import Glibc
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Acknowledgements")
struct KernelAnswerTests {
    private let request = Request.addVirtualServer(VirtualServer(.firewallMark(7))).sent

    private func answer(_ reply: Reply) throws -> KernelAnswer {
        let bytes = reply.bytes(for: request)
        var cursor = NetlinkCursor()
        let message = try #require(try cursor.next(in: bytes.span.bytes))
        return try KernelAnswer(message, in: bytes.span.bytes)
    }

    private func problem(_ reply: Reply, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        try #require(throws: MalformedReply.self, sourceLocation: sourceLocation) { _ = try answer(reply) }.description
    }

    @Test("Acknowledgements, capped or not, with a message or without")
    func verdicts() throws {
        for capped in [true, false] {
            #expect(try answer(.error(0, capped: capped)).errno == 0)
            #expect(try answer(.error(EEXIST, capped: capped)).errno == EEXIST)
            #expect(try answer(.error(EEXIST, capped: capped)).message == nil)
            #expect(try answer(.error(EINVAL, text: "why", capped: capped)).message == "why")
            // A warning is part of a success.
            #expect(try answer(.error(0, text: "hm", capped: capped)).message == "hm")
        }
        #expect(try answer(.done()).errno == 0)
        #expect(try answer(.done(nil)).errno == 0)
        #expect(try answer(.done(ENOMEM)).errno == ENOMEM)
        #expect(try answer(.done(EPERM, text: "why")).message == "why")
    }

    @Test("Without the flag, message attributes are part of the echo")
    func noFlag() throws {
        var reply = Reply.error(EINVAL, text: "why")
        reply.flags = UInt16(NLM_F_CAPPED)
        #expect(try answer(reply).message == nil)
    }

    @Test("Attributes beside the message are skipped, and the message is optional")
    func otherAttributes() throws {
        let flags = UInt16(NLM_F_CAPPED | NLM_F_ACK_TLVS)
        let offset: [UInt8] = .attribute(Int(NLMSGERR_ATTR_OFFS.rawValue), UInt32(20))
        let words: [UInt8] = .attribute(Int(NLMSGERR_ATTR_MSG.rawValue), "why")
        let unknown: [UInt8] = .attribute(99, UInt64(0))
        func reply(_ tail: [UInt8]) -> Reply {
            Reply(type: UInt16(NLMSG_ERROR), flags: flags) { [UInt8](-EINVAL) + $0.bytes[..<16] + tail }
        }
        #expect(try answer(reply([])).message == nil)
        #expect(try answer(reply(offset)).message == nil)
        #expect(try answer(reply(offset + words + unknown)).message == "why")
        #expect(try answer(reply(unknown + words + offset)).message == "why")
        let bad: [UInt8] = .attribute(Int(NLMSGERR_ATTR_MSG.rawValue), [0xff, 0xfe, 0])
        #expect(try problem(reply(bad)) == "NLMSGERR_ATTR_MSG is not a text")
    }

    @Test("An acknowledgement without a code is malformed", arguments: 0...3)
    func noCode(length: Int) throws {
        #expect(try problem(Reply.ack.cut(to: length)) == "an answer has no error code")
        // The end of a dump may have no code.
        #expect(try answer(Reply.done(EPERM).cut(to: length)).errno == 0)
    }

    @Test("A code that is not a negated errno is malformed", arguments: [1, .max, .min] as [Int32])
    func wrongCode(code: Int32) throws {
        let reply = Reply(type: UInt16(NLMSG_ERROR)) { [UInt8](code) + $0.bytes[..<16] }
        #expect(try problem(reply) == "an answer has the error code \(code)")
    }

    @Test(
        "A truncated payload, at any length, is an answer without a message or malformed",
        arguments: [true, false]
    )
    func truncated(capped: Bool) throws {
        let whole = Reply.error(EINVAL, text: "why", capped: capped)
        let length = whole.payload(request).count
        for end in 4..<length {
            do {
                let found = try answer(whole.cut(to: end))
                #expect(found.errno == EINVAL)
                #expect(found.message == nil || found.message == "why")
            } catch is MalformedReply {}
        }
        #expect(try problem(whole.cut(to: 19)) == "an answer lacks the request's header")
        if !capped {
            #expect(try problem(whole.cut(to: 4 + 16)) == "an answer is shorter than the request it holds")
            #expect(
                try problem(whole.cut(to: 4 + request.bytes.padded.count - 1))
                    == "an answer is shorter than the request it holds"
            )
        }
        #expect(try answer(whole.cut(to: length)).message == "why")
    }

    @Test("An impossible length in the echo is malformed", arguments: [.max, .max - 3, 0x7fff_ffff] as [UInt32])
    func lyingEcho(length: UInt32) throws {
        let flags = UInt16(NLM_F_ACK_TLVS)
        let reply = Reply(type: UInt16(NLMSG_ERROR), flags: flags) {
            [UInt8](-EINVAL) + [UInt8](length) + $0.bytes[4...]
        }
        #expect(try problem(reply) == "an answer is shorter than the request it holds")
    }

    @Test("A truncated acknowledgement is an error of the call, and the next call works")
    func truncatedVerdict() throws {
        try ScriptedChannel.run([
            .take, .deliver([Reply.error(EINVAL).cut(to: 2)]), .take,
            .deliver([Reply.error(EINVAL, text: "why").cut(to: 10)]),
            .take, .deliver([.ack]),
        ]) { handle in
            let error = try expectError { try handle.flush() }
            #expect(error.code == .malformedReply)
            #expect("\(error)".hasSuffix("the kernel's reply can't be understood: an answer has no error code"))
            try expectError(.malformedReply) { try handle.flush() }
            try handle.flush()
        }
    }
}
