import ArgumentParser
import Foundation
import IPVS
import ManualPages
import Testing

@testable import ipvsctl

@Suite("The manual page")
struct ManualTests {
    private let page = ManualPage("ipvsctl.8")
    private let text: String

    init() throws { text = try page.text }

    /// Whether the page describes an option: in a list, at the beginning of an item or after another option.
    private func explains(_ option: String) -> Bool {
        text.components(separatedBy: "\n").contains { line in
            line.hasPrefix(".It ") && line.split(separator: " ").adjacent().contains { $0 == "Fl" && $1 == option }
        }
    }

    @Test func everyOptionOfACompatibleLine() {
        for option in Compatible.Option.allCases { #expect(explains("-\(option.longName)"), "--\(option.longName)") }
        let letters = (UInt8(ascii: "0")...UInt8(ascii: "z")).map { Unicode.Scalar($0) }
        let used = letters.filter { Compatible.Option(letter: $0) != nil }
        #expect(used.count > 20)
        for letter in used { #expect(explains("\(letter)"), "-\(letter)") }
    }

    /// argument-parser's description of a command and its options.
    private struct Help: Decodable {
        struct Command: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable { let name: String }
                let kind: String
                let names: [Name]?
            }
            let commandName: String
            let arguments: [Argument]?
            let subcommands: [Command]?
        }
        let command: Command
    }

    @Test func everySubcommandAndItsOptions() throws {
        let root = try JSONDecoder().decode(Help.self, from: Data(IPVSCtl._dumpHelp().utf8)).command
        let commands = try #require(root.subcommands)
        #expect(commands.count >= 5)
        for command in commands {
            #expect(text.contains("\n.It Cm \(command.commandName)"), "\(command.commandName)")
            for name in (command.arguments ?? []).filter({ $0.kind != "positional" }).flatMap({ $0.names ?? [] }) {
                guard !["h", "help"].contains(name.name) else { continue }
                #expect(explains("-\(name.name)"), "--\(name.name)")
            }
        }
    }

    @Test func everyColumnAndForm() {
        for name in Top.Column.allCases.map(\.rawValue) + Format.allCases.map(\.rawValue) {
            #expect(text.contains("\n.Cm \(name)"), "\(name)")
        }
    }

    @Test func theTableOfTheFilesSectionIsGood() throws {
        let parts = text.components(separatedBy: ".Bd -literal -offset indent\n")
        let example = try #require(parts.first { $0.hasPrefix("services:") }).components(separatedBy: "\n.Ed")[0]
        let table = try Table(yaml: example)
        #expect(table.sortedEntries().first?.realServers.count == 2)
        // The page has each field of a file.
        for field in [
            "scheduler", "flags", "mask", "persistenceEngine", "upperThreshold", "lowerThreshold", "checksum",
        ] {
            #expect(example.contains("\(field):"))
        }
    }

    @Test(.enabled(if: ManualPage.has("man"), "there is no man here"))
    func manHasNothingToComplainOf() throws {
        #expect(try page.shown().contains("ipvsctl apply table.yaml --drain 5m"))
    }

    @Test(.enabled(if: ManualPage.has("mandoc"), "there is no mandoc here"))
    func mandocHasNothingToComplainOf() throws { try page.lint() }
}

extension Collection {
    /// Each element with the next one.
    fileprivate func adjacent() -> some Sequence<(Element, Element)> { zip(self, dropFirst()) }
}
