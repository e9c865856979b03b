import ArgumentParser
import Foundation
import IPVSProxy
import ManualPages
import Testing

@testable import ipvs_proxy

@Suite("The manual page")
struct ManualTests {
    private let page = ManualPage("ipvs-proxy.8")
    private let lines: [String]

    init() throws { lines = try page.text.components(separatedBy: "\n") }

    /// argument-parser's description of the options.
    private struct Help: Decodable {
        struct Command: Decodable { let arguments: [Argument] }
        struct Argument: Decodable {
            struct Name: Decodable { let name: String }
            let names: [Name]?
            let valueName: String?
            let defaultValue: String?
            let abstract: String?

            /// As argument-parser shows it, or in the option's own words.
            var shownDefault: String? {
                defaultValue ?? abstract?.firstMatch(of: /\(default: (.+)\)$/).map { String($0.1) }
            }
        }
        let command: Command
    }

    private func options() throws -> [Help.Argument] {
        try JSONDecoder().decode(Help.self, from: Data(IPVSProxyCommand._dumpHelp().utf8)).command.arguments
            .filter { $0.names != nil }
    }

    /// The names after `Fl` in some lines, in argument-parser's form.
    private static func flags(_ lines: some Sequence<String>) -> [String] {
        lines.flatMap { line -> [String] in
            guard line.hasPrefix(".") else { return [] }
            let words = line.split(separator: " ").map { $0.drop { $0 == "." } }
            return zip(words, words.dropFirst()).filter { $0.0 == "Fl" }.map { String($0.1.drop { $0 == "-" }) }
        }
    }

    /// The items of the lists of options: their first lines and their descriptions.
    private var items: [[String]] {
        lines.split { $0.hasPrefix(".Sh") || $0.hasPrefix(".El") }.flatMap { section in
            section.indices.filter { section[$0].hasPrefix(".It Fl ") }.map { start in
                let end = section[(start + 1)...].firstIndex { $0.hasPrefix(".It ") } ?? section.endIndex
                return Array(section[start..<end])
            }
        }
    }

    /// Each option is described once, and no others.
    @Test func everyOptionAndNoOther() throws {
        let names = try options().flatMap { $0.names ?? [] }.map(\.name)
        #expect(names.count > 15)
        let explained = items.flatMap { Self.flags($0.prefix(1)) }
        // Flags of kube-proxy without an effect are not options of the parser.
        #expect(explained.sorted() == (names + InertFlag.all.map(\.name)).sorted())
        #expect(Set(Self.flags(lines)).isSubset(of: explained))
    }

    @Test func valuesAndDefaults() throws {
        let options = try options()
        #expect(options.count { $0.shownDefault != nil } > 6)
        for option in options {
            let name = option.names?.last?.name ?? ""
            let item = try #require(items.first { Self.flags($0.prefix(1)).contains(name) })
            let names = option.names?.map(\.name) ?? []
            let hasValue = option.valueName.map { !names.contains($0) } ?? false
            #expect(item[0].contains(" Ar ") == hasValue, "\(item)")
            // The default of the node's name is the host's.
            guard let value = option.shownDefault?.split(separator: " ").first else { continue }
            #expect(item.contains { $0.hasPrefix(".Ql \(value)") || $0.hasPrefix(".Cm \(value)") }, "\(name) \(value)")
        }
    }

    @Test func theManifestsAreGood() throws {
        let start = try #require(lines.firstIndex { $0.hasPrefix("apiVersion: ") })
        let reader = read(lines[start...].prefix { $0 != ".Ed" }.joined(separator: "\n"))
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)")
        let service = try #require(reader.manifests.services.values.first)
        let slice = try #require(reader.manifests.slices.values.first)
        #expect(slice.service == service.name && slice.endpoints["http"]?.map(\.isReady) == [true, false])
        #expect(service.ports.keys.elementsEqual(slice.endpoints.keys))
    }

    @Test(.enabled(if: ManualPage.has("man"), "there is no man here"))
    func manHasNothingToComplainOf() throws {
        #expect(try page.shown().contains("ipvs-proxy --dry-run cluster.yaml"))
    }

    @Test(.enabled(if: ManualPage.has("mandoc"), "there is no mandoc here"))
    func mandocHasNothingToComplainOf() throws { try page.lint() }
}
