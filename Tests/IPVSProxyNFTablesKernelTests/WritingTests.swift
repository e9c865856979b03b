import IPVS
import IPVSProxy
import IPVSTestKernel
import IPVSTestModels
import Testing

@testable import IPVSProxyNFTables

extension NFTablesKernelTests {
    @Suite struct Writing {
        let node: FilteredNode

        init() throws { node = try FilteredNode() }

        @Test func everyKind() throws {
            #expect(try node.filter.isUnchanged() == false)
            #expect(try node.filter.exists() == false)
            let rules = sampleRules()
            let difference = try node.filter.difference(to: rules)
            #expect(difference.isFromScratch && difference.count == rules.elements.count + rules.sourceRanges.count)
            try node.write(rules)
            #expect(try node.list().contains("10.96.0.1 . sctp . 80"))
            #expect(try node.filter.exists())
            #expect(try node.filter.remove())
            #expect(try node.filter.exists() == false)
            #expect(try node.filter.remove() == false)
            #expect(try node.nft("list ruleset") == "")
            // It can be written again.
            #expect(try node.filter.isUnchanged() == false)
            try node.write(rules)
        }

        /// Each state is what nft lists, too, as a new table with the same rules is listed in the same way.
        @Test(arguments: 1...3) func histories(seed: Int) throws {
            var random = RandomRules(seed: UInt64(seed))
            var rules = PacketRules()
            var filter = node.filter
            for round in 1...12 {
                rules = random.change(rules)
                // Sometimes as a process that was started anew.
                if round % 5 == 0 { filter = try node.other() }
                let difference = try filter.difference(to: rules)
                try filter.write(difference)
                #expect(try filter.difference(to: rules) == .init(), "round \(round)")
                #expect(try filter.isUnchanged())
                #expect(try node.other().difference(to: rules) == .init(), "round \(round)")
            }
            let fresh = try FilteredNode()
            try fresh.write(rules)
            #expect(try node.sortedList() == fresh.sortedList())
        }

        /// Every change of one element.
        @Test func elementsComeAndGo() throws {
            let rules = sampleRules()
            try node.write(PacketRules(rules.options, sourceRanges: rules.sourceRanges))
            for (key, value) in rules.elements {
                let element = PacketRules.Element(key, value)
                var one = PacketRules(rules.options, elements: [key: value], sourceRanges: rules.sourceRanges)
                try node.filter.write(.init(added: [element]))
                try node.expect(one)
                try node.filter.write(.init(removed: [element]))
                one = PacketRules(rules.options, sourceRanges: rules.sourceRanges)
                try node.expect(one)
            }
        }

        @Test func valuesAreReplaced() throws {
            let (web, api) = (ServicePortName(NamespacedName("", "web")), ServicePortName(NamespacedName("", "api")))
            let ranges = [web: [IPAddress.Block(IPAddress(192, 0, 2, 1))], api: []]
            let destination = PacketRules.Destination(.tcp, Endpoint(IPAddress(192, 0, 2, 1), 80))
            func rules(_ name: ServicePortName, _ port: UInt16) -> PacketRules {
                let endpoint = Endpoint(IPAddress(10, 96, 0, 1), port)
                return PacketRules(
                    elements: [
                        .restricted(destination): .sourceRanges(name), .redirect(destination): .endpoint(endpoint),
                    ],
                    sourceRanges: ranges
                )
            }
            try node.write(rules(web, 80))
            let difference = rules(api, 81).difference(from: rules(web, 80))
            #expect(difference.added.count == 2 && difference.removed.count == 2)
            try node.filter.write(difference)
            try node.expect(rules(api, 81))
        }

        /// A process that starts anew writes nothing if nothing is to be changed, also after a difference in two parts.
        @Test func marks() throws {
            let (web, api) = (ServicePortName(NamespacedName("", "web")), ServicePortName(NamespacedName("", "api")))
            try node.write(PacketRules(sourceRanges: [web: [], api: [IPAddress.Block(IPAddress(192, 0, 2, 1))]]))
            let rules = PacketRules(sourceRanges: [web: []])
            let other = try node.other()
            var difference = try other.difference(to: rules)
            #expect(
                difference.removedRanges == [api] && difference.options != nil && difference.writtenRanges == [web: []]
            )
            difference.removedRanges = []
            try other.write(difference)
            try other.write(.init(removedRanges: [api]))
            #expect(try other.isUnchanged())
            #expect(try other.difference(to: rules).isEmpty && node.other().difference(to: rules).isEmpty)
            // One changed chain in a process that has not written the others.
            let third = try node.other()
            let changed = PacketRules(sourceRanges: [web: [IPAddress.Block(IPAddress(192, 0, 2, 2))]])
            _ = try third.difference(to: rules)
            try third.write(changed.difference(from: rules))
            #expect(try third.difference(to: changed).isEmpty && node.other().difference(to: changed).isEmpty)
            #expect(try node.list().split(separator: "\n").count { $0.contains("chain written/") } == 1)
        }

        /// More than one transaction.
        @Test func thousandsOfElements() throws {
            var elements: [PacketRules.Key: PacketRules.Value] = [:]
            for number in 0..<UInt32(2 * DifferenceWriter.limit + 7) {
                let address = IPAddress(ipv4: 10 << 24 | number)
                elements[.clusterIP(.init(.tcp, Endpoint(address, 80)))] = PacketRules.Value.none
                elements[.address(address)] = PacketRules.Value.none
            }
            let rules = PacketRules(elements: elements)
            try node.write(rules)
            try node.write(PacketRules(elements: elements.filter { $0.key != elements.first?.key }))
            try node.write(PacketRules())
            try node.write(rules)
        }

        /// A table that can't be repaired is replaced in several transactions. If a later one fails, source ranges apply.
        @Test func aFailureBetweenTransactions() throws {
            let rules = sampleRules()
            try node.write(rules)
            try node.nft("add table inet \(node.filter.table) { flags dormant; }")
            var difference = try node.filter.difference(to: rules)
            #expect(difference.isFromScratch)
            for number in 0..<UInt32(2 * DifferenceWriter.limit) {
                difference.added.append(.init(.address(IPAddress(ipv4: 10 << 24 | number))))
            }
            // A map has one value for a key.
            let destination = PacketRules.Destination(.udp, Endpoint(IPAddress(203, 0, 113, 1), 1))
            for port: UInt16 in [1, 2] {
                difference.added.append(
                    .init(.redirect(destination), .endpoint(Endpoint(IPAddress(10, 0, 0, 1), port)))
                )
            }
            for number in 0..<UInt32(DifferenceWriter.limit) {
                let destination = PacketRules.Destination(.tcp, Endpoint(IPAddress(ipv4: 10 << 24 | number), 80))
                difference.added.append(.init(.external(destination)))
            }
            #expect(throws: PacketFilterError.self) { try node.filter.write(difference) }
            let list = try node.list()
            #expect(!list.contains("dormant") && list.contains("masquerade"))
            #expect(list.contains("192.0.2.1 . tcp . 8080 : jump source-ranges/default/web/http"))
            #expect(try node.nft("list set inet \(node.filter.table) addresses-4").contains("elements") == false)
            // It is repaired.
            let repair = try node.filter.difference(to: rules)
            #expect(!repair.isFromScratch)
            try node.filter.write(repair)
            try node.expect(rules)
        }

        /// A change that the kernel refuses changes nothing, and is noticed.
        @Test func refusals() throws {
            let rules = sampleRules()
            try node.write(rules)
            let before = try node.list()
            let absent = PacketRules.Element(.address(IPAddress(192, 0, 2, 77)))
            var error = #expect(throws: PacketFilterError.self) {
                try node.filter.write(.init(removed: [absent], added: [.init(.healthCheckPort(1))]))
            }
            #expect(error?.code == .refused)
            let refusal = #"can't write the packet rules: refused "192.0.2.77": No such file or directory"#
            #expect(error?.description == refusal)
            #expect(try node.filter.isUnchanged() == false)
            let destination = PacketRules.Destination(.tcp, Endpoint(IPAddress(192, 0, 2, 1), 8080))
            let other = PacketRules.Element(.redirect(destination), .endpoint(Endpoint(IPAddress(10, 96, 0, 9), 80)))
            error = #expect(throws: PacketFilterError.self) { try node.filter.write(.init(added: [other])) }
            #expect(error?.description.hasSuffix(#"refused "192.0.2.1 . tcp . 8080": File exists"#) == true)
            #expect(try node.list() == before)
            #expect(try node.filter.difference(to: rules).isEmpty)
        }

        @Test func names() throws {
            for interface in ["a\"b{};", "ä€", "@-_.", "0"] {
                let filter = try NFTables(interface: interface, namespace: .path(node.namespace.path))
                try filter.check(PacketRules.Options())
                let rules = sampleRules()
                try filter.write(try filter.difference(to: rules))
                #expect(try filter.difference(to: rules).isEmpty)
            }
            #expect(try node.nft("list tables").split(separator: "\n").count == 4)
        }

        /// Parts that a kernel may lack are asked for in the right words.
        @Test func probes() throws {
            for probe in Probe.all { #expect(try node.filter.refusal(of: probe) == nil, "\(probe.title)") }
        }

        @Test func checkChangesNothing() throws {
            let generation = try node.filter.generation()
            try node.filter.check(PacketRules.Options())
            var options = PacketRules.Options()
            options.pods = .bridge("a\"b")
            let error = #expect(throws: PacketFilterError.self) { try node.filter.check(options) }
            #expect(error?.code == .refused)
            #expect(try node.nft("list ruleset") == "")
            #expect(try node.filter.generation() == generation)
        }
    }
}

extension FilteredNode {
    /// The lines of the table as nft lists it, in any order, without the order of elements.
    func sortedList() throws -> [String] { Self.sorted(try list()) }

    static func sorted(_ list: String) -> [String] {
        // The mark depends on the order in which rules were written.
        list.split(separator: "\n").filter { !$0.contains("chain written/") }.joined(separator: "\n")
            .split(whereSeparator: { "\n,{}".contains($0) })
            .map { $0.replacing("elements =", with: "").split(separator: " ").joined(separator: " ") }.sorted()
    }
}
