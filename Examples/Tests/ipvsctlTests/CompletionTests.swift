import ArgumentParser
import Foundation
import Testing

@testable import ipvsctl

@Suite("Completions")
struct CompletionTests {
    /// The script of a shell.
    private func script(_ name: String) throws -> String {
        let packaging = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Packaging")
        return try String(contentsOf: packaging.appending(path: "completions/\(name)").standardized, encoding: .utf8)
    }

    /// Whether a script has an option, as a word of its own, in the notation of its shell.
    private func has(_ option: String, _ script: String, _ name: String) -> Bool {
        let words = name == "ipvsctl.fish" ? [" -l \(option)", " -l '\(option)'"] : ["--\(option)"]
        return words.contains { word in
            script.ranges(of: word).contains { range in
                script[range.upperBound...].first.map { !$0.isLetter && $0 != "-" } ?? true
            }
        }
    }

    @Test("Each knows all options of ipvsadm", arguments: ["ipvsctl.bash", "_ipvsctl", "ipvsctl.fish"])
    func classicOptions(name: String) throws {
        let script = try script(name)
        for option in Compatible.Option.allCases {
            #expect(has(option.longName, script, name), "\(name) lacks --\(option.longName)")
        }
    }

    @Test("Each knows all subcommands and their options", arguments: ["ipvsctl.bash", "_ipvsctl", "ipvsctl.fish"])
    func subcommands(name: String) throws {
        let script = try script(name)
        for command in IPVSCtl.configuration.subcommands {
            let word = command.configuration.commandName ?? command._commandName
            #expect(script.contains(word), "\(name) lacks \(word)")
            let help = try Program.run("help", word).output
            for match in help.matches(of: /--([a-z-]+)/) where match.1 != "version" {
                #expect(has(String(match.1), script, name), "\(name) lacks --\(match.1) of \(word)")
            }
        }
    }
}
