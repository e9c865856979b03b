import Common
import Foundation
import IPVS
import IPVSTestModels
import Testing
import Yams

@testable import ipvsctl

@Suite("JSON documents")
struct JSONReaderTests {
    private static func string(_ literal: String) throws(FileError) -> String? {
        try JSONReader.read(literal).node.string
    }

    private static func errors(_ text: String) -> [String] {
        do throws(TableFile.Refusal) {
            _ = try Table(json: text)
            return []
        } catch {
            return FileErrors("FILE", error.errors).description.components(separatedBy: "\n")
        }
    }

    @Test(
        arguments: [
            (#""""#, ""), (#""\/""#, "/"), (#""\"\\\b\f\n\r\t""#, "\"\\\u{8}\u{c}\n\r\t"), (#""\u00e9\u00E9é""#, "ééé"),
            (#""\ud83d\ude00\u0041""#, "😀A"), (#""\uffff\u0000""#, "\u{ffff}\0"),
            ("\"\u{7f}\u{2028}\"", "\u{7f}\u{2028}"),
        ]
    )
    func texts(literal: String, text: String) throws {
        #expect(try Self.string(literal)?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
    }

    @Test(
        arguments: [
            (#"{"services": [],}"#, #"FILE:1: can't be read as JSON: expected a name in double quotes, not "}""#),
            (
                "{\"services\": [\n{\"id\": \"FWM 7\"},\n]}",
                #"FILE:3: can't be read as JSON: expected a value, not "]""#
            ),
            ("{\n'services': []}", #"FILE:2: can't be read as JSON: expected a name in double quotes, not "'""#),
            ("{services: []}", #"FILE:1: can't be read as JSON: expected a name in double quotes, not "s""#),
            ("{\"services\" []}", #"FILE:1: can't be read as JSON: expected a colon, not "[""#),
            (
                "{\"services\": [{\"id\": \"FWM 7\"}\n {\"id\": \"FWM 8\"}]}",
                #"FILE:2: can't be read as JSON: expected a comma or a closing bracket, not "{""#
            ),
            (
                "{\"services\": []\n\"x\": 1}",
                #"FILE:2: can't be read as JSON: expected a comma or a closing brace, not """#
                    + "\""
            ),
            (
                "{\"services\": [] // none\n}",
                #"FILE:1: can't be read as JSON: expected a comma or a closing brace, not "/""#
            ),
            ("{\"services\": []}\n{}", #"FILE:2: can't be read as JSON: expected the end of the file, not "{""#),
            ("{\"services\": rr}", "FILE:1: can't be read as JSON: rr is not a value; a text is in double quotes"),
            (
                "{\n\"services\": \u{e9}t\u{e9}}",
                "FILE:2: can't be read as JSON: été is not a value; a text is in double quotes"
            ),
            ("\u{feff}{}", "FILE:1: can't be read as JSON: \\u{feff} is not a value; a text is in double quotes"),
            (
                "{\"services\": \"a\nb\"}",
                "FILE:1: can't be read as JSON: a text has the end of the line or a control character in it"
            ),
            (
                "{\"\t\": 1}",
                "FILE:1: can't be read as JSON: a text has the end of the line or a control character in it"
            ),
            (#"{"\x": 1}"#, #"FILE:1: can't be read as JSON: \x is no escape of JSON"#),
            (#"{"\u12g4": 1}"#, #"FILE:1: can't be read as JSON: four hexadecimal digits belong behind \u"#),
            (#"{"\ud83d": 1}"#, "FILE:1: can't be read as JSON: a text has half of a pair of surrogates in it"),
            (#"{"\ude00\ud83d": 1}"#, "FILE:1: can't be read as JSON: a text has half of a pair of surrogates in it"),
            (#"{"\ud83d\u0041": 1}"#, "FILE:1: can't be read as JSON: a text has half of a pair of surrogates in it"),
            (
                String(repeating: "[", count: 1_000_000),
                "FILE:1: lists and objects can be at most 100 deep inside each other"
            ),
        ]
    )
    func whatIsNotJSON(text: String, error: String) { #expect(Self.errors(text) == [error]) }

    /// Wherever a file is truncated, the error names its last line.
    @Test func truncatedFiles() throws {
        let text = """
            {
              "services": [
                {
                  "id": "TCP 10.96.0.1:80",
                  "realServers": [
                    {"endpoint": "10.244.1.5:8080", "forwarding": "masquerade", "weight": 3}
                  ]
                }
              ]
            }
            """
        #expect(Self.errors(text).isEmpty)
        for length in 1..<text.utf8.count {
            let start = String(decoding: text.utf8.prefix(length), as: UTF8.self)
            let errors = Self.errors(start)
            #expect(errors.count == 1)
            let line = start.count { $0 == "\n" } + 1
            #expect(errors[0].hasPrefix("FILE:\(line): can't be read as JSON: "), "\(start)\n\(errors[0])")
        }
    }

    @Test func namesThatAreThereTwice() {
        let text = """
            {
              "services": [
                {"id": "FWM 7", "scheduler": "rr",
                 "realServers": [],
                 "\\u0069d": "FWM 8"}
              ]
            }
            """
        #expect(Self.errors(text) == ["FILE:5: services[0].id: is there twice in one object"])
    }

    /// The line is that of the value, or of the name of an unknown field.
    @Test func linesOfValues() {
        let text = """
            { "services"
              :
              [ {"id": "FWM 7", "scheduler":
                  5, "flags": [
                  "ops",
                  "frob"],
                "wieght":
                  1 },
                null,
                {"id": true, "persistence": {"timeout": "5", "mask":

                  64}}] }
            """
        #expect(
            Self.errors(text) == [
                "FILE:4: services[0].scheduler: must be a text, not 5",
                "FILE:6: services[0].flags[1]: \"frob\" is not a flag, such as ops, sh-port or mh-fallback",
                "FILE:8: services[0].wieght: there is no such field; there are id, scheduler, flags, persistence, "
                    + "persistenceEngine, realServers",
                "FILE:9: services[1]: has no value; leave it out for its default",
                "FILE:10: services[2].id: must be a text, not true",
                "FILE:10: services[2].persistence.timeout: \"5\" is not a number from 0 to 4294967295 in decimal digits",
                "FILE:12: services[2].persistence.mask: must be a text, not 64",
            ]
        )
    }

    /// JSON that Foundation accepts is accepted here, with the same values and two exceptions, and nothing else is.
    @Test(arguments: 1...4 as ClosedRange<UInt64>) func foundationAgrees(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let sample = Array(
            #"{"a": [1, -0.5e+3, "\u00e9\/\ud83d\ude00", {"b": null, "c": [true, false, {}]}], "d": "x\\y", "e": 10}"#
                .utf8
        )
        let pieces = [
            "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "1", "-", "+", ".", "e", "n", "\n", "\t", " ", "\\u",
            "\\ud83d",
            "\\n", "null", "true", "é", "\u{1}", "/", "[]", "{}", "\"f\":1,",
        ].map { Array($0.utf8) }
        var (accepted, refused) = (0, 0)
        for _ in 0..<4_000 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                let length = min(Int.random(in: 0...2, using: &generator), bytes.count - place)
                bytes.replaceSubrange(
                    place..<place + length,
                    with: Bool.random(using: &generator) ? [] : pieces.randomElement(using: &generator) ?? []
                )
            }
            guard let text = String(validating: bytes, as: UTF8.self) else { continue }
            // Nil means that Foundation refuses it too.
            let expected = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            do throws(FileError) {
                let node = try JSONReader.read(text).node
                accepted += 1
                #expect(expected.map { Self.equal(node, $0) } == true, "\(text)")
            } catch {
                refused += 1
                // Foundation accepts this though it is not JSON.
                let isDouble = error.reason == "is there twice in one object"
                let hasExtraComma = text.contains(/,\s*[\]}]/)
                #expect(expected == nil || isDouble || hasExtraComma, "\(text)\n\(error)")
            }
        }
        #expect(accepted > 200 && refused > 200)
    }

    private static func equal(_ node: Node, _ value: Any) -> Bool {
        switch (node, value) {
        case (.mapping(let fields), let object as [String: Any]):
            fields.count == object.count
                && fields.allSatisfy { field in
                    field.key.string.flatMap { object[$0] }.map { equal(field.value, $0) } ?? false
                }
        case (.sequence(let elements), let list as [Any]):
            elements.count == list.count && zip(elements, list).allSatisfy(equal)
        case (.scalar(let scalar), let text as String): scalar.style == .doubleQuoted && scalar.string == text
        case (.scalar(let scalar), is NSNull): scalar.style == .plain && scalar.string == "null"
        case (.scalar(let scalar), let number as NSNumber):
            scalar.style == .plain
                && (["true", "false"].contains(scalar.string)
                    ? number.boolValue == (scalar.string == "true") : Double(scalar.string) == number.doubleValue)
        default: false
        }
    }
}
