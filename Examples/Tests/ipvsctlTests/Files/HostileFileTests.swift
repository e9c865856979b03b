import Common
import Foundation
import IPVS
import IPVSTestKernel
import Testing

@testable import ipvsctl

/// Files that are made to exhaust a reader, and files of other programs.
@Suite struct HostileFiles {
    private static func errors(_ text: String, suffix: String) throws -> [String] {
        try errors(Data(text.utf8), suffix: suffix)
    }

    private static func errors(_ data: Data, suffix: String) throws -> [String] {
        let file = try TemporaryFile("", suffix: suffix)
        try data.write(to: URL(filePath: file.path))
        do throws(FileErrors) {
            _ = try TableFile(path: file.path).read()
            return []
        } catch {
            return error.description.replacing(file.path, with: "FILE").components(separatedBy: "\n")
        }
    }

    @Test(
        arguments: [
            (String(repeating: "[", count: 100_000), ".json"), (String(repeating: "[", count: 100_000), ".yaml"),
            (String(repeating: "{a: ", count: 100_000), ".yaml"), (String(repeating: "- ", count: 100_000), ".yaml"),
            (String(repeating: "? ", count: 100_000), ".yaml"),
        ]
    )
    func depth(text: String, suffix: String) async throws {
        let errors = try await Self.onSmallStack { try Self.errors(text, suffix: suffix) }
        #expect(errors == ["FILE:1: lists and objects can be at most 100 deep inside each other"])
    }

    /// A thread with the stack that the C library of other systems gives.
    private static func onSmallStack<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws
        -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result(catching: body)) }
            thread.stackSize = 512 << 10
            thread.start()
        }
    }

    /// What is as deep as allowed needs no more stack than such a thread has.
    @Test(arguments: [".yaml", ".json"]) func allowedDepth(suffix: String) async throws {
        let text = "{\"services\": \(String(repeating: "[", count: 99))\(String(repeating: "]", count: 99))}"
        let errors = try await Self.onSmallStack { try Self.errors(text, suffix: suffix) }
        #expect(errors == ["FILE:1: services[0]: must be an object, not a list"])
    }

    private static func bomb(_ last: String) -> String {
        let letters = Array("abcdefghi")
        let levels = zip(letters, letters.dropFirst()).map { inner, outer in
            "\(outer): &\(outer) [\(Array(repeating: "*\(inner)", count: 9).joined(separator: ","))]"
        }
        return (["a: &a [x,x,x,x,x,x,x,x,x]"] + levels + [last]).joined(separator: "\n")
    }

    /// Aliases of aliases, also as names of fields, which are compared with each other.
    @Test(arguments: ["services: *i", "services: {? *i : 1, ? *h : 2}", "<<: *i"])
    func aliases(last: String) throws {
        let errors = try Self.errors(Self.bomb(last), suffix: ".yaml")
        #expect(
            errors == ["FILE:6: aliases can stand for at most 100000 values, and those up to here stand for more"]
        )
    }

    @Test func aFewAliases() throws {
        let text =
            "services:\n- id: TCP 10.96.0.1:80\n  realServers: &r\n  - {endpoint: \"10.0.0.1:80\", forwarding: local}\n"
        #expect(try Self.errors(text + "- {id: TCP 10.96.0.2:80, realServers: *r}\n", suffix: ".yaml").isEmpty)
    }

    @Test(arguments: [".yaml", ".json"]) func values(suffix: String) throws {
        let text = "[\n" + String(repeating: "0,", count: DocumentLimits.values + 5) + "0]"
        #expect(
            try Self.errors(text, suffix: suffix) == [
                "FILE:2: a file can have at most 10000000 values, and this one has more"
            ]
        )
    }

    /// Only a text is limited: a bracket in quotes begins nothing.
    @Test func bracketsInQuotes() throws {
        let text = "{\"services\": [], \"\(String(repeating: "[\\\",", count: 1_000))\": 1}"
        #expect(try Self.errors(text, suffix: ".json").count == 1)
    }

    @Test func endlessInput() throws {
        let result = try TestProcess.run([Program.path, "validate", "/dev/zero"])
        #expect(result.status == 1 && result.stderr == "/dev/zero: has more than 128 MiB\n")
        let pipe = try TestProcess.run(["sh", "-c", "yes 2>/dev/null | '\(Program.path)' validate -"])
        #expect(pipe.status == 1 && pipe.stderr == "standard input: has more than 128 MiB\n")
    }

    @Test(arguments: [".yaml", ".json", ".rules"]) func manyErrors(suffix: String) throws {
        let text =
            switch suffix {
            case ".yaml": "services:\n" + String(repeating: "- 5\n", count: 5_000)
            case ".json": "{\"services\": [\n" + String(repeating: "5,\n", count: 4_999) + "5]}"
            default: String(repeating: "-A\n", count: 5_000)
            }
        let errors = try Self.errors(text, suffix: suffix)
        #expect(errors.count == 21 && errors.last == "and 4980 more errors")
        #expect(errors.first?.hasPrefix("FILE:\(suffix == ".rules" ? 1 : 2): ") == true)
    }

    /// Names are of any length and have any characters.
    @Test(arguments: [".yaml", ".json", ".rules"]) func names(suffix: String) throws {
        let name = String(repeating: "x", count: 3_000_000)
        let texts =
            suffix == ".rules"
            ? [
                "-A -t 10.0.0.1:80 -s \u{1b}]0;\(name)", "-A -t \u{1b}\(name)", "\u{1b}\(name)", "-\u{202e}",
                "--\u{1b}\(name)",
            ]
            .map { String($0.prefix(60_000)) }
            : [
                #"{"services": [{"id": "TCP 10.0.0.1:80", "scheduler": "\u001b\#(name)"}]}"#,
                #"{"services": [{"id": "\u001b\#(name)"}]}"#, #"{"\u001b\#(name)": 1}"#,
                #"{"services": "\u202e\#(name)"}"#,
                #"{"services": [{"id": "TCP 10.0.0.1:80", "flags": ["\u001b\#(name)"]}]}"#,
            ]
        for text in texts {
            let errors = try Self.errors(text, suffix: suffix)
            #expect(!errors.isEmpty)
            for error in errors {
                #expect(error.utf8.count < 600, "\(error.prefix(700))")
                #expect(!error.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{202e}" })
            }
        }
    }

    @Test(arguments: [
        "IP Virtual Server version 1.2.1 (size=4096)\nProt", "Prot LocalAddress:Port Scheduler Flags\n  ->",
    ])
    func listings(text: String) throws {
        for suffix in ["", ".rules", ".yaml"] {
            #expect(
                try Self.errors(text, suffix: suffix) == [
                    "FILE:1: looks like one of a listing (-L); ipvsadm -S and ipvsctl -S write tables"
                ]
            )
        }
    }

    /// Lists that are deep only by aliases.
    @Test(arguments: [(1, true), (2, false), (20, false)]) func depthOfAliases(links: Int, isAllowed: Bool) throws {
        let value = { (text: String) in String(repeating: "[", count: 49) + text + String(repeating: "]", count: 49) }
        let chain = (0..<links).map { "n\($0 + 1): &n\($0 + 1) \(value("*n\($0)"))" }
        let text = (["n0: &n0 \(value("x"))"] + chain).joined(separator: "\n")
        let errors = try Self.errors(text, suffix: ".yaml")
        let sentence = "lists and objects can be at most 100 deep inside each other"
        #expect((errors == ["FILE:3: \(sentence)"]) == !isAllowed, "\(errors)")
    }

    /// The parser's place of an error can be behind the text, and what it refuses can be a part of a character.
    @Test(arguments: [
        ("kind: [", 1), ("kind: [\n", 2), ("a: 1\r\nkind: [", 2), ("kind: {a: \"", 1), ("? services", 1),
        ("a: 1\n\u{600}\u{fffe}", 2), ("a: 1\r\nb: 1\u{85}\u{fffe}", 3),
    ])
    func lineOfError(text: String, line: Int) throws {
        let errors = try Self.errors(text, suffix: ".yaml")
        #expect(errors.first?.hasPrefix("FILE:\(line): ") == true, "\(errors)")
    }
}

/// Encodings, and the marks that editors and joined files have.
@Suite struct Encodings {
    private static func read(_ text: String, _ suffix: String, encoding: String.Encoding = .utf8) throws -> String {
        let file = try TemporaryFile("", suffix: suffix)
        try #require(text.data(using: encoding)).write(to: URL(filePath: file.path))
        do throws(FileErrors) { return "\(try TableFile(path: file.path).read().count)" } catch {
            return error.description.replacing(file.path, with: "FILE")
        }
    }

    private static let samples = [
        (".rules", "-A -t 10.96.0.1:80\r\n-A -t 10.96.0.2:80\r\n"),
        (".yaml", "services:\r\n- id: TCP 10.96.0.1:80\r\n- id: TCP 10.96.0.2:80\r\n"),
        (".json", "{\"services\":\r\n[{\"id\": \"TCP 10.96.0.1:80\"},\r\n{\"id\": \"TCP 10.96.0.2:80\"}]}\r\n"),
    ]

    @Test(arguments: samples) func marks(suffix: String, text: String) throws {
        #expect(try Self.read(text, suffix) == "2")
        #expect(try Self.read("\u{feff}\(text)", suffix) == "2")
        #expect(
            try Self.read("\u{feff}\u{feff}\(text)", suffix) == "FILE:1: begins with a byte order mark; remove it"
        )
        let joined = text.replacing("\r\n", with: "\r\n\u{feff}", maxReplacements: 1)
        #expect(try Self.read(joined, suffix) == "FILE:2: begins with a byte order mark; remove it")
    }

    @Test(arguments: samples) func wideEncodings(suffix: String, text: String) throws {
        for encoding in [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian] {
            #expect(try Self.read(text, suffix, encoding: encoding) == "FILE: is UTF-16; store it as UTF-8")
        }
        #expect(try Self.read(text, suffix, encoding: .utf32) == "FILE: is UTF-32; store it as UTF-8")
    }
}
