import IPVSFuzzing

@testable import Netlink

extension FuzzTarget {
    /// The attributes of a reply, without anything around them. The first byte chooses of what.
    static let attributes = FuzzTarget("ipvs-attributes") { bytes in
        var input = FuzzInput(bytes)
        let part = input.pick(ReplyPart.allCases)
        do { try part.check(Array(input.rest)) } catch is MalformedReply {}
    }
}
