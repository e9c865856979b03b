import IPVSFuzzing
import IPVSProxy
import Netlink

@testable import IPVSProxyNFTables

extension FuzzTarget {
    /// Answers of nf_tables and ipset to the requests that read rules. The first byte chooses the request.
    static let replies = FuzzTarget("nftables-replies", maximumLength: 8_192) { bytes in
        var input = FuzzInput(bytes)
        let call = input.pick(ReaderCall.all)
        let kernel = ScriptedChannel(
            .messages(0xa0f, [Captured.generation]),
            .messages(0xa00, [Captured.table]),
            .messages(0xa03, Captured.chains),
            .messages(0xa0c, [Captured.healthCheckPorts])
        )
        // The type of replies of nf_tables comes before that of the request, and ipset has one type for both.
        let channel = ScriptedDatagrams(input.rest, of: kernel) { $0 >> 8 == 0xa ? $0 - 1 : $0 }
        let reader = RulesetReader(channel)
        do { try channel.play { try call.make(reader) } } catch let failure as NetlinkConnection.Failure {
            let error = PacketFilterError("read the packet rules", failure)
            try hold("\(error)".hasPrefix("can't read the packet rules: "), "an error is \"\(error)\"")
        }
        try checkSound(reader)
    }

    /// Expects what is in the kernel, whatever the reader has received before.
    private static func checkSound(_ reader: RulesetReader) throws {
        try hold(try reader.generation() == 2, "the number of the last transaction is wrong")
        try hold(try reader.flags(ofTable: "t") == 0, "the table is missing")
        try hold(try reader.chains(.all).map(\.name) == ["source-ranges/a/b", "input"], "the chains are wrong")
        var ports: [PacketRules.Key?] = []
        let set = NamedSet(kind: .healthCheckPorts, family: nil)
        try reader.elements(of: set, inTable: "t") { ports.append($0?.key) }
        try hold(ports == [.healthCheckPort(30_900)], "the ports are wrong")
    }
}
