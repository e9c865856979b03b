import Foundation
import IPVSProxy
import Logging
import Testing

@testable import ipvs_proxy

/// When warnings about manifests are logged.
@Suite struct ManifestWarnings {
    let folder: Folder
    private let log = LogLines()

    init() throws { folder = try Folder() }

    private func watch() -> ManifestWatch {
        ManifestWatch([folder.path], node: NodeIdentity(name: "node-a"), logger: Logger(label: "test") { _ in log })
    }

    /// Checks until there is a change, or until none can be detected any more.
    private func changes(_ watch: inout ManifestWatch) throws -> ManifestChanges? {
        for _ in 0..<3 {
            if let changes = try watch.look() { return changes }
        }
        return nil
    }

    /// A warning is logged once, and again if it is new again.
    @Test func warnings() throws {
        try folder.write("a.yaml", Sample.service("a", clusterIP: "''"))
        var watch = watch()
        _ = try watch.read()
        let message = "warning \(folder["a.yaml"]):1: Service default/a is not served, as it has no cluster IP"
        #expect(log.lines == [message])
        _ = try watch.read()
        #expect(log.lines == [message])
        try folder.write("a.yaml", Sample.service("a"))
        _ = try watch.read()
        try folder.write("a.yaml", Sample.service("a", clusterIP: "''"))
        _ = try watch.read()
        #expect(log.lines == [message, message])
    }

    /// Warnings of one file are not logged again because of another one.
    @Test func warningsAndOtherFiles() throws {
        let slice = Sample.slice("a-1", of: "a", "10.244.0.1", "10.244.0.2")
        try folder.write("a.yaml", slice)
        let wrong = Sample.slice("b-1", of: "b", "here", "10.244.0.1")
        try folder.write("b.yaml", "\(Sample.service("b"))---\n\(wrong)")
        var watch = watch()
        _ = try watch.read()
        let messages = [
            "warning \(folder["a.yaml"]):1: EndpointSlice default/a-1: there is no service default/a",
            "warning \(folder["b.yaml"]):18: EndpointSlice default/b-1: endpoints[0].addresses[0]: \"here\" "
                + "is not an IP address; it is left out",
        ]
        #expect(log.lines == messages && watch.warningCount == 2)
        // The objects move, and another address is wrong for the same cause.
        try folder.write("a.yaml", "# moved\n\(slice)")
        try folder.write("b.yaml", "\(Sample.service("b"))---\n\(wrong.replacing("here", with: "there"))")
        _ = try watch.read()
        #expect(log.lines == messages && watch.warningCount == 2)
        // An error keeps what was read last.
        try folder.write("c.yaml", Sample.service("c", clusterIP: "here"))
        #expect(throws: ManifestErrors.self) { try watch.read() }
        #expect(log.lines == messages && watch.warningCount == 2)
        try folder.write("c.yaml", Sample.service("a", clusterIP: "10.96.0.3"))
        _ = try watch.read()
        #expect(log.lines == messages && watch.warningCount == 1)
        try folder.remove("c.yaml")
        _ = try watch.read()
        let again = messages[0].replacing("a.yaml:1:", with: "a.yaml:2:")
        #expect(log.lines == messages + [again] && watch.warningCount == 2)
    }

    /// Something becomes a warning that was none.
    @Test func aWarningThatWasNone() throws {
        try folder.write("a.yaml", Sample.service(clusterIP: "None"))
        try folder.write("b.yaml", Sample.slice("web-1", of: "web", "here"))
        var watch = watch()
        _ = try watch.read()
        #expect(log.lines.filter { $0.hasPrefix("warning") }.isEmpty && watch.warningCount == 0)
        try folder.write("a.yaml", Sample.service())
        _ = try watch.read()
        #expect(log.lines.filter { $0.hasPrefix("warning") }.count == 1 && watch.warningCount == 1)
    }

    /// While files are being written, a service that is missing may not have been written yet.
    @Test func servicesThatAreNotWrittenYet() throws {
        try folder.write("a.yaml", Sample.slice("web-1", of: "web", "10.244.0.1"))
        try folder.write("z.yaml", Sample.service())
        var watch = watch()
        _ = try watch.read()
        try folder.remove("z.yaml")
        var reads = 0
        for number in 0..<30 {
            let name = String(repeating: "x", count: number + 1)
            try folder.write("b.yaml", Sample.service(name, clusterIP: "''"))
            if try watch.look() != nil { reads += 1 }
        }
        // The other warnings are logged meanwhile.
        #expect(reads > 0 && log.lines.count { $0.hasSuffix("as it has no cluster IP") } == reads)
        #expect(!log.lines.contains { $0.contains("there is no service") })
        _ = try changes(&watch)
        #expect(log.lines.last?.hasSuffix("EndpointSlice default/web-1: there is no service default/web") == true)
    }
}
