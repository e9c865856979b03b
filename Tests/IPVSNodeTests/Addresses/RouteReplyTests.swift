import CRTNetlink
import Glibc
import IPVS
import Testing

@testable import IPVSNode
@testable import Netlink

@Suite("rtnetlink messages")
struct RouteReplyTests {
    @Test("Truncated messages are errors, and are never read beyond their end")
    func cut() throws {
        let four = [UInt8](hex: "0220800003000000 08000100c0000201 08000200c0000201 0900030065746830 00000000")
        let whole = try #require(try InterfaceAddress(decoding: four.span.bytes))
        #expect(whole.address == IPAddress(192, 0, 2, 1) && whole.interface == 3 && whole.isSingle)
        for length in 0..<16 where length != 16 {
            #expect(throws: MalformedReply.self, "\(length) bytes") {
                _ = try InterfaceAddress(decoding: four.span.bytes.extracting(0..<length))
            }
        }
    }

    @Test("The reason for a lost list is another one than for a lost change")
    func lostAnswers() {
        let lost = "the kernel's answer was lost"
        #expect(AddressError(.answerLost, .listAddresses).description == "can't list addresses: \(lost), twice")
        #expect(AddressError(.answerLost, .setUp("kube-ipvs0")).description.hasSuffix("is unknown: list and see"))
        let connections = ConnectionTrackingError(.answerLost, .list)
        #expect(connections.description == "can't list tracked connections: \(lost), twice")
    }

    @Test("An address of a family other than IPv4 and IPv6 is skipped")
    func otherFamily() throws {
        let bytes = [UInt8](hex: "0c20800003000000 08000100c0000201")
        #expect(try InterfaceAddress(decoding: bytes.span.bytes) == nil)
    }

    @Test("An address of the wrong length is an error")
    func wrongLength() {
        let bytes = [UInt8](hex: "0a80800003000000 08000100c0000201")
        let error = #expect(throws: MalformedReply.self) { _ = try InterfaceAddress(decoding: bytes.span.bytes) }
        #expect(error?.description == "IFA_ADDRESS has 4 bytes instead of 16")
    }

    @Test("An interface without a kind, one with a kind, and a message without a header")
    func links() throws {
        let header = "00000000 07000000 00000000 00000000"
        let plain = try Link(decoding: [UInt8](hex: header + "08000300 6c6f0000").span.bytes)
        #expect(plain.index == 7 && plain.kind == nil)
        let dummy = try Link(decoding: [UInt8](hex: header + "10001200 0a000100 64756d6d 79000000").span.bytes)
        #expect(dummy.kind == "dummy")
        let error = #expect(throws: MalformedReply.self) { _ = try Link(decoding: [UInt8](hex: "00000000").span.bytes) }
        #expect(error?.description == "a message about an interface has no header")
    }
}
