import Common
import Foundation
import Testing

@testable import ipvsctl

@Suite("Errors of files, with their lines and fields")
struct TableFileErrorTests {
    /// The text of a file and the message about it, without the file's name.
    struct Wrong: CustomTestStringConvertible, Sendable {
        let text: String
        let errors: [String]
        var testDescription: String { errors.first ?? text }

        init(_ text: String, _ errors: String...) {
            self.text = text
            self.errors = errors
        }

        /// A table of one service, whose fields follow its identity; the first of them is in line 3.
        init(fields: String, _ errors: String...) {
            text = "services:\n- id: TCP 10.96.0.1:80\n  \(fields.replacing("\n", with: "\n  "))"
            self.errors = errors
        }

        /// A table of one real server; its fields begin in line 4.
        init(real fields: String, _ errors: String...) {
            text = "services:\n- id: TCP 10.96.0.1:80\n  realServers:\n  - \(fields.replacing("\n", with: "\n    "))"
            self.errors = errors
        }
    }

    private static func errors(_ text: String, _ format: Format? = nil) throws -> [String] {
        let file = try TemporaryFile(text)
        do throws(FileErrors) {
            _ = try TableFile(path: file.path, format: format).read()
            return []
        } catch {
            return error.description.replacing(file.path, with: "FILE").components(separatedBy: "\n")
        }
    }

    private static let documents: [Wrong] = [
        Wrong(
            "",
            "FILE: is empty; if there are to be no virtual servers, write services: [] or, for ipvsadm, a comment"
        ),
        Wrong("[]", "FILE:1: must be an object, not a list"),
        Wrong("\n# nothing\n5", "FILE:3: must be an object, not 5"),
        Wrong(
            "service: []",
            "FILE:1: services: is missing",
            "FILE:1: service: there is no such field; did you mean services?"
        ),
        Wrong("services: {}", "FILE:1: services: must be a list, not an object"),
        Wrong("services:", "FILE:1: services: has no value"),
        Wrong("{\"services\": null}", "FILE:1: services: has no value"),
        Wrong("services: []\nweight: 1", "FILE:2: weight: there is no such field; there are services"),
        Wrong("{\"services\": [], \"\": 1}", "FILE:1: \"\": there is no such field; there are services"),
        Wrong("services: []\n<<: {}", "FILE:2: <<: there is no such field; there are services"),
        Wrong("services: []\n[1]: 2", "FILE:2: ?: there is no such field; there are services"),
        Wrong("services: []\nservices: []", "FILE:1: services: is there twice in one object"),
        Wrong(
            "services: []\n---\nservices: []",
            "FILE:3: is a second document, but a table is a single one"
        ),
        Wrong(
            "{\"services\": [\n}",
            "FILE:2: can't be read as JSON: expected a value, not \"}\""
        ),
        Wrong("services: *there", "FILE:1: can't be read: found undefined alias"),
        Wrong("services: []\n\u{1}", "FILE:2: can't be read: control characters are not allowed"),
        Wrong(
            "services:\n- id: FWM 7\n  realServers:\n  - endpoint: [fd00::1]:443\n    forwarding: local",
            "FILE:4: can't be read: while parsing a block mapping, did not find expected key; "
                + "put an address in brackets into quotes, as in \"[fd00::1]:443\""
        ),
    ]

    private static let services: [Wrong] = [
        Wrong("services:\n- rr", "FILE:2: services[0]: must be an object, not rr"),
        Wrong("services:\n- scheduler: rr", "FILE:2: services[0].id: is missing"),
        Wrong(
            "services:\n- id: 10.96.0.1:80",
            "FILE:2: services[0].id: \"10.96.0.1:80\" is not a virtual server, such as TCP 10.96.0.1:80, "
                + "UDP [fd00::1]:53 or FWM 7"
        ),
        Wrong(
            "services:\n- id: FWM 7\n- id: TCP 10.0.0.1:80\n- id: fwm 7",
            "FILE:4: services[2].id: there are two virtual servers FWM 7; the first is in line 2"
        ),
        Wrong(fields: "sheduler: rr", "FILE:3: services[0].sheduler: there is no such field; did you mean scheduler?"),
        Wrong(fields: "scheduler: [rr]", "FILE:3: services[0].scheduler: must be a text, not a list"),
        Wrong(fields: "scheduler: ''", "FILE:3: services[0].scheduler: scheduler is empty"),
        Wrong(
            fields: "scheduler: sixteen-letters!",
            "FILE:3: services[0].scheduler: scheduler \"sixteen-letters!\" is longer than 15 bytes"
        ),
        Wrong(fields: "flags: ops", "FILE:3: services[0].flags: must be a list, not ops"),
        Wrong(
            fields: "flags:\n- ops\n- sh-prot",
            "FILE:5: services[0].flags[1]: \"sh-prot\" is not a flag, such as ops, sh-port or mh-fallback"
        ),
        Wrong(fields: "persistence: 300", "FILE:3: services[0].persistence: must be an object, not 300"),
        Wrong(
            fields: "persistence:\n  timeout: 5m",
            "FILE:4: services[0].persistence.timeout: 5m is not a number from 0 to 4294967295 in decimal digits"
        ),
        Wrong(
            fields: "persistence:\n  timeout: 2678401",
            "FILE:4: services[0].persistence.timeout: persistence timeout 2678401 is longer than 2678400 seconds"
        ),
        Wrong(
            fields: "persistence: {timeout: 1,\n  mask: 255.255.255}",
            "FILE:4: services[0].persistence.mask: \"255.255.255\" is not a netmask, such as 255.255.255.0, "
                + "or a prefix length, such as 64"
        ),
        Wrong(
            fields: "persistence:\n  mask: 64",
            "FILE:4: services[0].persistence.mask: persistence mask 64 is for IPv6, but the virtual server is IPv4"
        ),
        Wrong(
            fields: "persistence: {}\npersistenceEngine: seventeen-letters",
            "FILE:4: services[0].persistenceEngine: persistence engine \"seventeen-letters\" is longer than 16 bytes"
        ),
        Wrong(fields: "realServers: 10.0.0.1:80", "FILE:3: services[0].realServers: must be a list, not 10.0.0.1:80"),
        // All errors, in the order of their lines.
        Wrong(
            "services:\n- id: TCP 10.96.0.1:80\n  flags: x\n  realServers:\n  - 5\n- id: TCP 10.96.0.1:80\n  wieght: 1",
            "FILE:3: services[0].flags: must be a list, not x",
            "FILE:5: services[0].realServers[0]: must be an object, not 5",
            "FILE:6: services[1].id: there are two virtual servers TCP 10.96.0.1:80; the first is in line 2",
            "FILE:7: services[1].wieght: there is no such field; there are id, scheduler, flags, persistence, persistenceEngine, realServers"
        ),
    ]

    private static let realServers: [Wrong] = [
        Wrong(
            real: "weight: 1",
            "FILE:4: services[0].realServers[0].endpoint: is missing",
            "FILE:4: services[0].realServers[0].forwarding: is missing"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1\nforwarding: local",
            "FILE:4: services[0].realServers[0].endpoint: \"10.0.0.1\" is not an address and port, "
                + "such as 10.244.1.5:8080 or [fd00::1]:443"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding: nat",
            "FILE:5: services[0].realServers[0].forwarding: \"nat\" is not a forwarding method: masquerade, "
                + "direct-routing, tunnel, local, bypass or a number"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding: local\nwieght: 2",
            "FILE:6: services[0].realServers[0].wieght: there is no such field; did you mean weight?"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding: local\nweigth:",
            "FILE:6: services[0].realServers[0].weigth: there is no such field; did you mean weight?"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding: local\nweight:",
            "FILE:6: services[0].realServers[0].weight: has no value; leave it out for its default"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding: local\nweight: 2147483648",
            "FILE:6: services[0].realServers[0].weight: weight 2147483648 is above 2147483647"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding: local\nupperThreshold: 3\nlowerThreshold: 4",
            "FILE:7: services[0].realServers[0].lowerThreshold: lower threshold 4 is above the upper threshold, 3"
        ),
        Wrong(
            real: "endpoint: 224.0.0.1:80\nforwarding: local",
            "FILE:4: services[0].realServers[0].endpoint: address 224.0.0.1 is not that of a single host"
        ),
        Wrong(
            real: "endpoint: '[fd00::1]:80'\nforwarding: local",
            "FILE:4: services[0].realServers[0].endpoint: address fd00::1 is IPv6, but the virtual server is IPv4: "
                + "only a tunnel leads to another family"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding: local\n- forwarding: local\n  endpoint: 10.0.0.1:80"
                .replacing("\n-", with: "\n!").replacing("!", with: "weight: 3 #"),
            "FILE:7: can't be read: while parsing a block mapping, did not find expected key"
        ),
        Wrong(
            "services:\n- id: FWM 7\n  realServers:\n  - {endpoint: 10.0.0.1:80, forwarding: local}\n"
                + "  - forwarding: local\n    endpoint: 10.0.0.1:80",
            "FILE:6: services[0].realServers[1].endpoint: FWM 7 has two real servers at 10.0.0.1:80; "
                + "the first is in line 4"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding:\n  tunel: {kind: gue}",
            "FILE:6: services[0].realServers[0].forwarding.tunnel: is missing",
            "FILE:6: services[0].realServers[0].forwarding.tunel: there is no such field; did you mean tunnel?"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding:\n  tunnel:\n    kind: gur\n    port: 65536\n    checksum: half",
            "FILE:7: services[0].realServers[0].forwarding.tunnel.kind: \"gur\" is not a kind of tunnel: ipip, gue or gre",
            "FILE:8: services[0].realServers[0].forwarding.tunnel.port: 65536 is not a number from 0 to 65535 "
                + "in decimal digits",
            "FILE:9: services[0].realServers[0].forwarding.tunnel.checksum: \"half\" is not a checksum: none, full or remote"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding:\n  tunnel:\n    kind: gue",
            "FILE:7: services[0].realServers[0].forwarding.tunnel: tunnel port is 0, which GUE can't be sent to"
        ),
        Wrong(
            real: "endpoint: 10.0.0.1:80\nforwarding:\n  tunnel:\n    port: 5\n    kind: gre",
            "FILE:8: services[0].realServers[0].forwarding.tunnel.kind: a tunnel of kind gre has no such port or checksum"
        ),
    ]

    @Test(arguments: documents + services + realServers)
    func isTold(_ wrong: Wrong) throws { #expect(try Self.errors(wrong.text) == wrong.errors) }

    /// Texts that some parsers take for numbers, and others for other numbers or for text.
    @Test(
        arguments: [
            "0x10", "010", "0o17", "0b1", "1_000", "1:30", "+1", "-1", "1.0", "1e3", ".5", "true", "'5'", "\"5\"",
            "4294967296",
            "99999999999999999999999", "٣",
        ]
    )
    func numbersAreDecimal(_ text: String) throws {
        let wrong = Wrong(real: "endpoint: 10.0.0.1:80\nforwarding: local\nweight: \(text)")
        let shown = text.replacing("'", with: "\"")
        #expect(
            try Self.errors(wrong.text) == [
                "FILE:6: services[0].realServers[0].weight: \(shown) is not a number from 0 to 4294967295 in decimal digits"
            ]
        )
    }

    /// The same file in JSON has the same errors.
    @Test func json() throws {
        let text = """
            {
              "services": [
                {
                  "id": "TCP 10.96.0.1:80",
                  "realServers": [
                    {
                      "endpoint": "10.244.1.5:8080",
                      "forwarding": "masquerade",
                      "wieght": 3
                    },
                    {"endpoint": "10.244.1.6:8080", "forwarding": 5, "weight": "3"}
                  ]
                },
                {"id": "TCP 10.96.0.1:80"}
              ]
            }
            """
        #expect(
            try Self.errors(text) == [
                "FILE:9: services[0].realServers[0].wieght: there is no such field; did you mean weight?",
                "FILE:11: services[0].realServers[1].forwarding: must be a text or an object, not 5",
                "FILE:11: services[0].realServers[1].weight: \"3\" is not a number from 0 to 4294967295 in decimal digits",
                "FILE:14: services[1].id: there are two virtual servers TCP 10.96.0.1:80; the first is in line 3",
            ]
        )
    }

    @Test func saved() throws {
        let text = """
            # two of these lines are wrong
            -A -t 10.96.0.1:80 -s rr
            -a -t 10.96.0.1:80 -r 10.244.1.5:8080 -m -w heavy
            -a -t 10.96.0.1:80 -r 10.244.1.6:8080 -m
            -A -t 10.96.0.1:80
            """
        let errors = try Self.errors(text)
        #expect(errors.map { $0.prefix(7) } == ["FILE:3:", "FILE:5:"])
        #expect(errors[0].contains("weight") && errors[1].contains("TCP 10.96.0.1:80"))
    }

    /// Lines that can be read, with values that no kernel accepts.
    @Test func savedInvalidValues() throws {
        let text = """
            -A -t 10.96.0.1:80 -s sixteen-letters!

            -a -t 10.96.0.1:80 -r 0.0.0.0:80 -m
            -A -f 7
            -a -t 10.96.0.1:80 -r 10.0.0.2:80 -m -y 5 -x 2
            """
        #expect(
            try Self.errors(text) == [
                "FILE:1: scheduler \"sixteen-letters!\" is longer than 15 bytes",
                "FILE:3: address 0.0.0.0 is not that of a single host",
                "FILE:5: lower threshold 5 is above the upper threshold, 2",
            ]
        )
    }

    @Test func whatCannotBeRead() throws {
        #expect(throws: FileErrors("/nowhere/table.json", [FileError(reason: "No such file or directory")])) {
            try TableFile(path: "/nowhere/table.json").read()
        }
        #expect(throws: FileErrors("/", [FileError(reason: "Is a directory")])) { try TableFile(path: "/").read() }
        let file = try TemporaryFile("")
        try Data([0x73, 0x0a, 0x0a, 0xff, 0x0a]).write(to: URL(filePath: file.path))
        #expect(throws: FileErrors(file.path, [FileError(line: 3, reason: "is not UTF-8 text")])) {
            try TableFile(path: file.path).read()
        }
    }
}

/// A file that is removed with this object.
final class TemporaryFile {
    let path: String

    init(_ text: String, suffix: String = "") throws {
        path = FileManager.default.temporaryDirectory.appending(path: "ipvsctl-\(UUID())\(suffix)").path
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    // A test may have deleted it.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
