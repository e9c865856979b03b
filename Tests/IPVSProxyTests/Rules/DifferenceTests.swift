import IPVS
import IPVSProxyTestSamples
import Testing

@testable import IPVSProxy

@Suite("Differences of packet rules")
struct DifferenceTests {
    @Test("Applied to the rules before, each update makes the rules after, and none remains", arguments: 1...40)
    func history(seed: UInt64) throws {
        var random = RandomHistory(seed: seed)
        let node = random.node()
        var objects = FinalObjects(node: node)
        var state = DesiredState(node: node, packetRules: PacketRules.Options())
        var applied = PacketRules()
        for _ in 0..<40 {
            for _ in 0..<random.number(1...8) {
                let event = random.event()
                objects.take(event)
                state.take(event)
            }
            let before = try #require(state.packetRules)
            let update = state.commit()
            let after = try #require(state.packetRules)

            applied.apply(update.rules)
            #expect(applied == after)
            #expect(Set(update.rules.added).isDisjoint(with: update.rules.removed))
            var other = before
            let difference = after.difference(from: before)
            other.apply(difference)
            #expect(other == after)
            #expect(difference.count == update.rules.count)
            #expect(after.difference(from: after).isEmpty)

            var both = before
            let parts = update.rules.split()
            both.apply(parts.before)
            both.apply(parts.after)
            #expect(both == after)

            // From the final objects alone.
            var fresh = DesiredState(node: objects.node, packetRules: PacketRules.Options())
            for service in objects.services.values { fresh.update(service) }
            for slice in objects.slices.values { fresh.update(slice) }
            _ = fresh.commit()
            #expect(fresh.packetRules == after)
            // Each virtual server has an element, and each bound address.
            for id in state.table.ids {
                let destination = try #require(PacketRules.Destination(id))
                let keys: [PacketRules.Key] = [.clusterIP(destination), .external(destination), .local(destination)]
                #expect(keys.filter { after.elements[$0] != nil }.count == 1)
            }
            let bound = after.elements.keys.filter { if case .address = $0 { true } else { false } }
            #expect(Set(bound) == Set(state.addresses.map { .address($0) }))
            for case .sourceRanges(let name) in after.elements.values { #expect(after.sourceRanges[name] != nil) }
        }
    }

    @Test("Rules that are missing altogether are made from scratch")
    func fromScratch() {
        let element = PacketRules.Element(.address(address("10.96.0.1")))
        let rules = PacketRules(elements: [element.key: element.value], sourceRanges: [webHTTP: [block("10.0.0.0/8")]])
        let difference = rules.difference(from: nil)
        #expect(difference.isFromScratch)
        #expect(difference.options == rules.options)
        #expect(difference.added == [element])
        #expect(difference.count == 2)
        var other = PacketRules(elements: [.hairpin(address("10.96.0.1")): .none])
        other.apply(difference)
        #expect(other == rules)
    }

    @Test("What protects or lets in comes before the virtual servers, and what is over goes after")
    func order() {
        let destination = PacketRules.Destination(.tcp, Endpoint(address("203.0.113.1"), 80))
        let element = { (key: PacketRules.Key) in PacketRules.Element(key) }
        let redirect = { (text: String) in
            PacketRules.Element(.redirect(destination), .endpoint(Endpoint(address(text), 80)))
        }
        let difference = PacketRules.Difference(
            removed: [element(.external(destination)), element(.unserved(destination)), redirect("10.96.0.1")],
            added: [element(.local(destination)), redirect("10.96.0.2")],
            removedRanges: [webHTTP],
            writtenRanges: [ServicePortName(web): []]
        )
        let (before, after) = difference.split()
        #expect(before.removed == [element(.unserved(destination)), redirect("10.96.0.1")])
        #expect(before.added == difference.added)
        #expect(before.writtenRanges == difference.writtenRanges && before.removedRanges.isEmpty)
        #expect(after == PacketRules.Difference(removed: [element(.external(destination))], removedRanges: [webHTTP]))
    }

    @Test("A difference reads like a diff")
    func text() {
        let destination = PacketRules.Destination(.tcp, Endpoint(address("203.0.113.1"), 80))
        var difference = PacketRules.Difference(
            removed: [PacketRules.Element(.external(destination))],
            added: [
                PacketRules.Element(.restricted(destination), .sourceRanges(webHTTP)),
                PacketRules.Element(.redirect(destination), .endpoint(Endpoint(address("fd00::1"), 80))),
                PacketRules.Element(.local(destination)),
            ],
            removedRanges: [ServicePortName(web)],
            writtenRanges: [webHTTP: [block("10.0.0.0/8"), block("fd00::/16")]]
        )
        #expect(
            difference.description == """
                - source ranges of default/web
                + source ranges of default/web:http: 10.0.0.0/8, fd00::/16
                - rule external TCP 203.0.113.1:80
                + rule local TCP 203.0.113.1:80
                + rule redirects TCP 203.0.113.1:80 to [fd00::1]:80
                + rule restricted TCP 203.0.113.1:80 to the source ranges of default/web:http
                """
        )
        difference = PacketRules.Difference(isFromScratch: true, options: PacketRules.Options())
        #expect(difference.description == "+ packet rules from scratch")
    }
}
