import IPVSProxy
import Testing

@testable import ipvs_proxy

/// Names of objects and ports, by the rules of an API server.
@Suite struct ManifestNames {
    @Test(arguments: ["a", "web", "web-1", "1", "a" + String(repeating: "b", count: 62)])
    func namesOfServices(name: String) {
        let reader = read(Sample.service("\"\(name)\""))
        #expect(reader.errors.isEmpty && reader.manifests.services.keys.first?.name == name)
    }

    @Test(
        arguments: [
            "Web", "web_1", "-web", "web-", "web.shop", "we b", "wéb", "a" + String(repeating: "b", count: 63),
            "web\\n",
        ]
    )
    func namesThatNoServiceHas(name: String) {
        let shown = name.count > 60 ? "\(name.prefix(60))…" : name
        let rule = "is not a valid name: a name has at most 63 lowercase letters and digits, and hyphens between them"
        #expect(
            read(Sample.service("\"\(name)\"")).errors.map(\.description) == [
                "a.yaml:4: Service: metadata.name: \"\(shown)\" \(rule)"
            ]
        )
        let service = Sample.service().replacing("metadata:", with: "metadata:\n  namespace: \"\(name)\"")
        #expect(
            read(service).errors.map(\.description) == [
                "a.yaml:4: Service: metadata.namespace: \"\(shown)\" \(rule)"
            ]
        )
        let port = Sample.service().replacing("port: 80", with: "port: 80\n    name: \"\(name)\"")
        #expect(
            read(port).errors.map(\.description) == [
                "a.yaml:9: Service default/web: spec.ports[0].name: \"\(shown)\" \(rule)"
            ]
        )
    }

    @Test func namesOfSlices() {
        let long = String(repeating: "a.", count: 126) + "a"
        for name in ["web.1", "w1", long] { #expect(read(Sample.slice(name)).errors.isEmpty) }
        for name in ["web..1", ".web", "web.", "Web", long + "a", "web-.a"] {
            let messages = read(Sample.slice(name)).errors.map(\.description)
            #expect(messages.count == 1)
            #expect(messages.first?.hasPrefix("a.yaml:4: EndpointSlice: metadata.name: \"") == true)
            #expect(messages.first?.contains(", and dots between such parts") == true)
        }
    }

    /// Whatever is in a file, a message is one line of bounded length.
    @Test(arguments: ["name", "namespace"])
    func messagesOfOneLine(field: String) {
        let name = "\\e[31m\\n\\u202e\\x7f" + String(repeating: "x", count: 100_000)
        let other = field == "name" ? "namespace" : "name"
        let text = "apiVersion: v1\nkind: Service\nmetadata: {\(other): web, \(field): \"\(name)\"}\n"
        let messages = read(text).errors.map(\.description)
        #expect(messages.count == 1)
        let start = "a.yaml:3: Service: metadata.\(field): \"\\u{1b}[31m\\n\\u{202e}\\u{7f}xxx"
        #expect(messages.first?.hasPrefix(start) == true && (messages.first?.count ?? 0) < 300)
        #expect(messages.first?.contains("xxx…\" is not a valid name: ") == true)
    }
}
