import Foundation
import IPVS
import IPVSProxy
import Logging
import Testing

@testable import ipvs_proxy

/// Manifests in files whose names say that they are in JSON.
@Suite struct ManifestsInJSON {
    /// A service on several lines, with its metadata and its ports as parameters.
    private func service(_ metadata: String = #""name": "web""#, ports: String = #"[{"port": 80}]"#) -> String {
        """
        {
          "apiVersion": "v1",
          "kind": "Service",
          "metadata": {\(metadata)},
          "spec": {
            "clusterIP": "10.96.0.1",
            "ports": \(ports)
          }
        }

        """
    }

    private func errors(_ text: String, file: String = "a.json") -> [String] {
        read(text, file: file).errors.map(\.description)
    }

    @Test(arguments: ["a.json", "some.folder/A.JSON"])
    func itIsStrict(file: String) {
        #expect(errors(service(), file: file).isEmpty)
        #expect(
            errors(service(ports: "[{\"port\": 80},\n]"), file: file) == [
                "\(file):8: can't be read as JSON: expected a value, not \"]\""
            ]
        )
        #expect(
            errors("// a service\n\(service())", file: file) == [
                "\(file):1: can't be read as JSON: expected a value, not \"/\""
            ]
        )
        #expect(
            errors("\(service())---\n\(service())", file: file) == [
                "\(file):10: can't be read as JSON: expected the end of the file, not \"-\""
            ]
        )
        #expect(
            errors(service(#""name": "web", "name": "api""#), file: file) == [
                "\(file):4: metadata.name: is there twice in one object"
            ]
        )
        #expect(
            errors(service(ports: "[{port: 80}]"), file: file) == [
                "\(file):7: can't be read as JSON: expected a name in double quotes, not \"p\""
            ]
        )
        #expect(
            errors("{\n", file: file) == [
                "\(file):2: can't be read as JSON: expected a name in double quotes, not the end of the file"
            ]
        )
    }

    /// Flow style is YAML's own, with a comma after the last element and other differences.
    @Test(arguments: ["a.yaml", "a.yml", "json"])
    func inOtherFilesItIsYAML(file: String) {
        let reader = read("# a service\n" + service(ports: "[{port: 80,},]"), file: file)
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(reader.manifests == read(service(), file: "a.json").manifests)
        #expect(reader.manifests.services.count == 1)
    }

    @Test func whatKubectlPrints() throws {
        let text = try Sample.fixture("kubectl.json")
        let reader = read(text, file: "a.json")
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)")
        #expect(reader.manifests == read(text, file: "a.yaml").manifests)
        #expect(reader.manifests.services.count == 1 && reader.manifests.slices.count == 1)
        let wrong = text.replacing("\"port\": 53", with: "\"port\": 530000000000000000000", maxReplacements: 1)
        #expect(
            read(wrong, file: "a.json").errors.map(\.description) == [
                "a.json:29: Service kube-system/kube-dns: items[0].spec.ports[0].port: "
                    + "must be a number from 1 to 65535, not 530000000000000000000"
            ]
        )
    }

    @Test(arguments: ["8e1", "80.5", "-80", "\"80\"", "true"])
    func whatIsNoPort(text: String) {
        #expect(
            errors(service(ports: "[{\"port\": \(text)}]")) == [
                "a.json:7: Service default/web: spec.ports[0].port: must be a number from 1 to 65535, not \(text)"
            ]
        )
    }

    @Test(
        arguments: [
            ("8080", "8080"), ("1e400", "1e400"), ("true", "true"), ("null", nil), ("[]", "a list"),
            ("{}", "an object"),
        ]
    )
    func whatIsNoName(text: String, shown: String?) {
        let reason = shown.map { "metadata.name: must be a text, not \($0)" }
        let messages = errors(service("\"name\": \(text)"))
        #expect(messages.first == "a.json:4: Service: \(reason ?? "metadata.name: is missing")")
    }

    /// The values of ignored fields don't matter.
    @Test func fieldsThatAreLetBe() throws {
        let metadata = """
            "name": "w\\u0065b", "generation": 123456789012345678901234567890, "annotations": {"a": "\\ud83d\\ude00", \
            "<<": {}}, "labels": {"<<": "caf\\u00e9", "b": null}, "<<": {}, "namespace": "shop"
            """
        let reader = read(service(metadata), file: "a.json")
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(reader.manifests.services.keys.map(\.description) == ["shop/web"])
    }

    /// From the file to the manifests, with the byte order mark that some editors write.
    @Test func anEditThatBreaksIt() throws {
        let folder = try Folder()
        let file = try folder.write("a.json", "\u{feff}\(service())".replacing("\n", with: "\r\n"))
        var watch = ManifestWatch(
            [folder.path],
            node: NodeIdentity(name: "node-a"),
            logger: Logger(label: "test") { _ in LogLines() }
        )
        #expect(try watch.read().services.count == 1)
        let before = watch.manifests
        try folder.write("a.json", service(ports: "[{\"port\": 81},]"))
        let error = #expect(throws: ManifestErrors.self) { try watch.read() }
        #expect(error?.errors.map(\.description) == ["\(file):7: can't be read as JSON: expected a value, not \"]\""])
        #expect(watch.manifests == before)
        try folder.write("a.json", service(ports: "[{\"port\": 81}]"))
        #expect(try watch.read().services.count == 1)
        #expect(watch.manifests != before)
    }
}
