import IPVS
import IPVSProxy
import Netlink
import Testing

@testable import IPVSProxyNFTables

/// Replies of a kernel, captured once.
@Suite struct ReplyTests {
    private func elements(_ kind: NamedSet.Kind, _ family: IPAddress.Family?, _ bytes: [UInt8]) throws -> [SeenElement?]
    {
        let reader = RulesetReader(ScriptedChannel(.messages(0xa0c, [bytes])))
        var elements: [SeenElement?] = []
        try reader.elements(of: NamedSet(kind: kind, family: family), inTable: "t") { elements.append($0) }
        return elements
    }

    private func expect(
        _ seen: [SeenElement?],
        _ keys: [PacketRules.Key],
        _ values: [SeenElement.Value?],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(seen.map { $0?.key } == keys, sourceLocation: sourceLocation)
        #expect(seen.map { $0?.value } == values, sourceLocation: sourceLocation)
    }

    @Test func sets() throws {
        expect(
            try elements(.clusterIPs, .ipv4, Captured.clusterIps4),
            [.clusterIP(tcp("10.96.0.1:80")), .clusterIP(.init(.sctp, endpoint("10.96.0.2:443")))],
            [SeenElement.Value.none, SeenElement.Value.none]
        )
        expect(
            try elements(.clusterIPs, .ipv6, Captured.clusterIps6),
            [.clusterIP(tcp("[fd00::1]:80"))],
            [SeenElement.Value.none]
        )
        expect(
            try elements(.healthCheckPorts, nil, Captured.healthCheckPorts),
            [.healthCheckPort(30_900)],
            [SeenElement.Value.none]
        )
    }

    @Test func maps() throws {
        expect(
            try elements(.redirects, .ipv4, Captured.redirects4),
            [.redirect(.init(.udp, endpoint("192.0.2.1:8080")))],
            [.endpoint(endpoint("10.96.0.1:80"))]
        )
        expect(
            try elements(.redirects, .ipv6, Captured.redirects6),
            [.redirect(tcp("[2001:db8::1]:8080"))],
            [.endpoint(endpoint("[fd00::1]:80"))]
        )
        // Only a jump is a value of rules.
        expect(
            try elements(.restricted, .ipv4, Captured.restricted4),
            [.restricted(tcp("10.0.0.3:80")), .restricted(tcp("10.0.0.2:80")), .restricted(tcp("10.0.0.1:80"))],
            [nil, nil, .chain("source-ranges/a/b")]
        )
    }

    /// Elements with a counter, and one of two different addresses.
    @Test func strangeElements() throws {
        let counted = try elements(.addresses, .ipv4, Captured.addresses4)
        #expect(counted.count == 2 && counted.allSatisfy { $0 != nil && $0?.value == nil })
        let hairpins = try elements(.hairpins, .ipv6, Captured.hairpins6)
        #expect(hairpins.map { $0?.key } == [nil, .hairpin(address("fd00::1"))])
        // Those of another set.
        #expect(try elements(.clusterIPs, .ipv6, Captured.clusterIps4).allSatisfy { $0 == nil })
    }

    /// No part of a reply, and no reply with a changed byte, is a crash.
    @Test func damage() throws {
        for reply in [Captured.clusterIps4, Captured.redirects6, Captured.restricted4] {
            for index in reply.indices {
                _ = try? elements(.restricted, .ipv4, Array(reply[..<index]))
                for value: UInt8 in [0, 1, 0x7f, 0xff] {
                    var changed = reply
                    changed[index] = value
                    _ = try? elements(.clusterIPs, .ipv4, changed)
                    _ = try? elements(.restricted, .ipv4, changed)
                }
            }
        }
        for reply in Captured.chains + Captured.sets + Captured.rules {
            for index in reply.indices {
                let part = [Array(reply[..<index])]
                _ = try? RulesetReader(ScriptedChannel(.messages(0xa03, part))).chains(.all)
                _ = try? RulesetReader(ScriptedChannel(.messages(0xa09, part))).sets(ofTable: "t")
                _ = try? RulesetReader(ScriptedChannel(.messages(0xa06, part))).fingerprints(ofTable: "t")
            }
        }
    }

    @Test func forms() throws {
        let sets = try RulesetReader(ScriptedChannel(.messages(0xa09, Captured.sets))).sets(ofTable: "t")
        #expect(sets.map(\.name) == ["redirects-4", "cluster-ips-4", "addresses-4", "restricted-4", "__set0"])
        #expect(sets.map(\.isAnonymous) == [false, false, false, false, true])
        let kinds: [NamedSet.Kind] = [.redirects, .clusterIPs, .restricted]
        for kind in kinds {
            let own = NamedSet(kind: kind, family: .ipv4)
            #expect(sets.filter { $0.isLike(own) }.map(\.name) == [own.name])
            #expect(!sets.contains { $0.isLike(NamedSet(kind: kind, family: .ipv6)) })
        }
        #expect(!sets.contains { $0.isLike(NamedSet(kind: .addresses, family: .ipv4)) })
        #expect(try RulesetReader(ScriptedChannel(.messages(0xa09, Captured.sets))).sets(ofTable: "x").isEmpty)
    }

    @Test func chains() throws {
        let chains = try RulesetReader(ScriptedChannel(.messages(0xa03, Captured.chains))).chains(.all)
        #expect(chains.map(\.name) == ["source-ranges/a/b", "input"])
        #expect(chains.map(\.table) == ["t", "t"] && chains.map(\.family) == [1, 1])
        #expect(chains[0].hook == nil)
        #expect(chains[1].hook == .init(type: "filter", point: 1, priority: -105, accepts: false))
    }

    /// Fingerprints are those of the rules in their order, wherever they are.
    @Test func fingerprints() throws {
        func fingerprints(_ indices: Int...) throws -> [String: UInt64] {
            let rules = indices.map { Captured.rules[$0] }
            let channel = ScriptedChannel(.messages(0xa06, rules), .messages(0xa0c, []))
            return try RulesetReader(channel).fingerprints(ofTable: "t")
        }
        let all = try fingerprints(0, 1, 2, 3)
        #expect(all.keys.sorted() == ["input", "source-ranges/a/b"])
        #expect(try fingerprints(0, 2, 1, 3) == all)
        #expect(try fingerprints(0, 1, 1, 3) == all)
        #expect(try fingerprints(0, 1, 3, 2)["input"] != all["input"])
        #expect(try fingerprints(0, 1, 3)["input"] != all["input"])
        #expect(try fingerprints(0)["source-ranges/a/b"] == all["source-ranges/a/b"])
        var changed = Captured.rules[3]
        changed[changed.count - 1] = 0
        let messages = [Captured.rules[1], Captured.rules[2], changed]
        let reader = RulesetReader(ScriptedChannel(.messages(0xa06, messages), .messages(0xa0c, [])))
        #expect(try reader.fingerprints(ofTable: "t")["input"] != all["input"])
    }

    /// The elements of a rule's own set are a part of the rule, in whatever order they are.
    @Test func fingerprintsWithSets() throws {
        func fingerprint(_ elements: [UInt8]...) throws -> UInt64? {
            let channel = ScriptedChannel(.messages(0xa06, [Captured.rules[3]]), .messages(0xa0c, elements))
            return try RulesetReader(channel).fingerprints(ofTable: "t")["input"]
        }
        let (one, other) = (Captured.healthCheckPorts, Captured.hairpins6)
        let all = try fingerprint(one, other)
        #expect(try fingerprint(other, one) == all)
        #expect(try fingerprint(one) != all)
        #expect(try fingerprint(Captured.clusterIps6, other) != all)
        // A set that goes away meanwhile.
        let gone = ScriptedChannel(.messages(0xa06, [Captured.rules[3]]), .error(ENOENT))
        #expect(throws: NetlinkConnection.Failure.self) { try RulesetReader(gone).fingerprints(ofTable: "t") }
    }

    /// The kernel has no set with a longer name, so a request for its elements could not be made.
    @Test(arguments: [(255, true), (256, false), (5_000, false)])
    func namesOfSets(length: Int, isPossible: Bool) throws {
        func attribute(_ type: Int, _ payload: [UInt8]) -> [UInt8] {
            let header = [UInt16(4 + payload.count), UInt16(type)].flatMap { withUnsafeBytes(of: $0, Array.init) }
            return header + payload + [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
        }
        func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }
        let lookup = attribute(Number.lookupSet, text(String(repeating: "s", count: length)))
        let expression = attribute(Number.expressionName, text("lookup")) + attribute(Number.expressionData, lookup)
        var rule: [UInt8] = [NetfilterRequest.Family.inet.rawValue, 0, 0, 0]
        rule += attribute(Number.ruleTable, text("t")) + attribute(Number.ruleChain, text("input"))
        rule += attribute(Number.ruleExpressions, attribute(1, expression))
        let reader = RulesetReader(ScriptedChannel(.messages(0xa06, [rule]), .messages(0xa0c, [])))
        do throws(NetlinkConnection.Failure) {
            #expect(try reader.fingerprints(ofTable: "t").keys.sorted() == ["input"] && isPossible)
        } catch {
            let text = "\(PacketFilterError("read the packet rules", error))"
            #expect(text.hasSuffix("a rule has a set with a name that no set can have") && !isPossible, "\(text)")
        }
    }

    @Test func tables() throws {
        #expect(try RulesetReader(ScriptedChannel(.messages(0xa0f, [Captured.generation]))).generation() > 0)
        #expect(try RulesetReader(ScriptedChannel(.messages(0xa00, [Captured.table]))).flags(ofTable: "t") == 0)
        #expect(try RulesetReader(ScriptedChannel(.error(ENOENT))).flags(ofTable: "t") == nil)
        #expect(throws: NetlinkConnection.Failure.self) {
            try RulesetReader(ScriptedChannel(.messages(0xa0f, [[0, 0, 0, 0]]))).generation()
        }
    }

    @Test func kernelsThatLackSomething() throws {
        #expect(try RulesetReader(ScriptedChannel(.error(EINVAL))).ipsets() == [])
        for (number, code) in [
            (EINVAL, PacketFilterError.Code.unavailable), (EPERM, .permissionDenied), (ENOMEM, .other),
        ] {
            do throws(NetlinkConnection.Failure) {
                _ = try RulesetReader(ScriptedChannel(.error(number))).generation()
                Issue.record("no error")
            } catch {
                #expect(PacketFilterError("x", error).code == code)
            }
        }
    }
}
