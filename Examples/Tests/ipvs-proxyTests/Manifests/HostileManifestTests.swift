import Common
import Foundation
import IPVSTestKernel
import Logging
import Testing

@testable import ipvs_proxy

/// Manifests that are made to exhaust a reader, and those that are nearly empty.
@Suite struct HostileManifests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func read(_ text: String, _ name: String = "a.yaml") throws -> [String] {
        let file = try folder.write(name, text)
        let reader = ManifestFiles(paths: [file]).read(for: NodeIdentity(name: "node"))
        return ManifestErrors(all: reader.allErrors).lines.map { $0.replacing("\(folder.path)/", with: "") }
    }

    /// Lists of lists of the same element.
    @Test func aliases() throws {
        var text = "x0: &x0 {apiVersion: v1, kind: Pod}\n"
        for level in 1...6 {
            let elements = Array(repeating: "*x\(level - 1)", count: 10).joined(separator: ",")
            text += "x\(level): &x\(level) {apiVersion: v1, kind: List, items: [\(elements)]}\n"
        }
        #expect(
            try read(text + "apiVersion: v1\nkind: List\nitems: [*x6]\n") == [
                "a.yaml:6: aliases can stand for at most 100000 values, and those up to here stand for more"
            ]
        )
    }

    @Test(arguments: ["a.yaml", "a.json"]) func depth(name: String) throws {
        #expect(
            try read(String(repeating: "[", count: 100_000), name) == [
                "\(name):1: lists and objects can be at most 100 deep inside each other"
            ]
        )
    }

    @Test func manyErrors() throws {
        let ports = Array(repeating: "{port: a}", count: 5_000).joined(separator: ",")
        let errors = try read(
            "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {clusterIP: 10.0.0.1, ports: [\(ports)]}\n"
        )
        #expect(errors.count == 21 && errors.last?.hasSuffix(" more errors") == true)
        #expect(try read(String(repeating: "a: 1\n---\n", count: 5_000)).count == 21)
    }

    @Test func names() throws {
        for name in ["\\e[31m\\n\\u202e", String(repeating: "x", count: 100_000)] {
            for error in try read(
                "apiVersion: v1\nkind: Service\nmetadata: {name: \"\(name)\"}\nspec: {clusterIP: \"\(name)\", type: \"\(name)\"}\n"
            ) {
                #expect(!error.unicodeScalars.contains { $0 < " " || $0 == "\u{202e}" }, "\(error)")
                #expect(error.count < 1_000)
            }
        }
    }

    /// An error stays one line of the log.
    @Test func theLogIsClean() {
        let lines = LogLines()
        var logger = Logger(label: "test") { _ in CleanLog(lines) }
        logger.logLevel = .trace
        logger.error("a\u{1b}[31m\nb\(String(repeating: "x", count: 100_000))")
        #expect(lines.lines.first?.hasPrefix("error a\\u{1b}[31m\\nbxxx") == true)
        #expect(lines.lines.first?.count ?? 0 < 1_020)
    }

    /// What says nothing would delete everything.
    @Test(
        arguments: [
            ("", "a.yaml: is empty; if there is to be nothing in it, put a comment there or remove it"),
            ("---\n", "a.yaml: is empty; if there is to be nothing in it, put a comment there or remove it"),
            ("null\n---\n~\n", "a.yaml: is empty; if there is to be nothing in it, put a comment there or remove it"),
            ("[]", "a.yaml:1: must be an object, not a list"),
            ("{apiVersion: v1, kind: List}", "a.yaml:1: items: is missing"),
            ("{apiVersion: v1, kind: ServiceList, items: }", "a.yaml:1: items: is missing"),
        ]
    )
    func nothing(text: String, error: String) throws { #expect(try read(text) == [error]) }

    @Test(arguments: ["# nothing", "---\n# nothing", "{apiVersion: v1, kind: List, items: []}"])
    func intendedEmptiness(text: String) throws { #expect(try read(text).isEmpty) }

    /// As programs in Go write a list without elements.
    @Test(arguments: ["a.yaml", "a.json"])
    func null(file: String) {
        let reader = ipvs_proxyTests.read(#"{"apiVersion": "v1", "kind": "ServiceList", "items": null}"#, file: file)
        #expect(reader.errors.isEmpty)
        #expect(
            reader.notes.map(\.description) == ["\(file):1: ServiceList: items: null counts as an empty list"]
                && reader.notes.map(\.isWarning) == [true]
        )
    }

    @Test func aFolderWithoutManifests() throws {
        try folder.write("README", "none")
        let reader = ManifestFiles(paths: [folder.path]).read(for: NodeIdentity(name: "node"))
        #expect(
            reader.errors.map(\.error.reason) == [
                "has no manifests (.yaml, .yml or .json); if there are to be none, put a file with a comment there"
            ]
        )
    }

    @Test(arguments: ["a.yaml", "a.json"]) func encodings(name: String) throws {
        let text =
            name == "a.json" ? "{\"apiVersion\": \"v1\",\r\n\"kind\": \"Pod\"}\r\n" : "apiVersion: v1\r\nkind: Pod\r\n"
        #expect(try read(text, name).isEmpty && read("\u{feff}\(text)", name).isEmpty)
        #expect(
            try read(text.replacing("\r\n", with: "\r\n\u{feff}", maxReplacements: 1), name) == [
                "\(name):2: begins with a byte order mark; remove it"
            ]
        )
        try #require(text.data(using: .utf16)).write(to: URL(filePath: folder[name]))
        let reader = ManifestFiles(paths: [folder[name]]).read(for: NodeIdentity(name: "node"))
        #expect(reader.errors.map(\.error.reason) == ["is UTF-16; store it as UTF-8"])
    }
}

/// Manifests that can be read only once.
@Suite struct Streams {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func shell(_ script: String) throws -> TestProcess.Result {
        try TestProcess.run(["bash", "-c", script.replacing("PROGRAM", with: Program.path)])
    }

    /// The error shows that it was read.
    @Test(
        arguments: [
            ("echo 'kind: [' | PROGRAM --dry-run -", "standard input:2: can't be read"),
            ("echo '{\"kind\": 5]' | PROGRAM --once -", "standard input:1: can't be read as JSON"),
            ("echo ' [' | PROGRAM --once -", "standard input:2: can't be read as JSON"),
            ("echo 'kind: [' | PROGRAM --once /dev/stdin", "/dev/stdin:2: can't be read"),
            ("PROGRAM --once <(echo 'kind: [')", ":2: can't be read"),
            ("PROGRAM --dry-run - <&-", "standard input: Bad file descriptor"),
            ("PROGRAM --once /dev/zero", "/dev/zero: has more than 128 MiB"),
        ]
    )
    func once(script: String, error: String) throws {
        let result = try shell(script)
        #expect(result.status == (script.contains("dry") ? 2 : 1) && result.stdout.isEmpty)
        #expect(result.stderr.contains(error), "\(result.stderr)")
    }

    /// What is read again and again must be there again.
    @Test(arguments: ["/dev/stdin", "<(echo)"]) func watched(path: String) throws {
        let result = try shell("echo | PROGRAM \(path)")
        #expect(result.status == 1)
        #expect(
            result.stderr.hasSuffix(
                ": is not a regular file, which can be watched; store it in one, or use --once or --dry-run\n"
            )
        )
    }

    @Test func noWords() throws {
        let result = try shell("exec -a '' PROGRAM")
        #expect(result.status == 2 && result.stdout.isEmpty)
        #expect(result.stderr == "error: the command line has no words, not even the name of the program\n")
    }

    @Test(arguments: [
        "--WORD", "--scheduler WORD", "--exclude-cidrs=WORD", "--log-level WORD", "--once WORD", "a --sync-period WORD",
    ])
    func hostileWords(line: String) throws {
        let word = "$'x\\e]0;x\\a\\n\\u202ey'$(printf %100000s | tr ' ' z)"
        let result = try shell("exec PROGRAM \(line.replacing("WORD", with: word))")
        #expect(result.status != 0 && result.stdout.isEmpty && !result.stderr.isEmpty)
        #expect(!result.stderr.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{7}" || $0 == "\u{202e}" })
        #expect(result.stderr.count < 4_000)
    }
}
