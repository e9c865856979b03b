import Common
import Foundation
import IPVSTestKernel
import Logging
import ServiceLifecycle
import Testing

@testable import ipvs_proxy

@Suite("A configuration file that changes")
struct WatchedFileTests {
    private let folder: Folder
    private let log = LogLines()

    init() throws { folder = try Folder() }

    private static func text(_ lines: String) -> String {
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n\(lines)"
    }

    /// Runs a watch of the file until it ends or a function returns, and returns its error.
    private func watching(_ change: @Sendable () async throws -> Void) async throws -> (any Error)? {
        let path = folder["config.conf"]
        let read = { @Sendable in try KubeProxyConfiguration(file: path) }
        let timing = ManifestTiming(rest: .milliseconds(10), openRest: .milliseconds(200))
        let logger = Logger(label: "test") { [log] _ in log }
        let watch = try #require(
            ConfigurationWatch(path, try read(), logger, timing: timing, read: read)
        )
        let group = ServiceGroup(services: [watch], logger: Logger(label: "test") { _ in LogLines() })
        let run = Task { try await group.run() }
        try await change()
        do { try await run.value } catch { return error }
        return nil
    }

    @Test("The program ends when it says something else", arguments: [true, false])
    func change(isReplaced: Bool) async throws {
        try folder.write("config.conf", Self.text("clusterCIDR: 10.244.0.0/16\n"))
        let folder = folder
        let error = try await watching {
            let text = Self.text("clusterCIDR: 10.245.0.0/16\n")
            if isReplaced {
                try folder.replace("config.conf", text)
            } else {
                try folder.write("config.conf", text)
            }
        }
        let sentence = try #require((error as? Failure)?.sentences.first)
        #expect(
            sentence
                == "\(folder["config.conf"]) has changed: the program ends, to be started again with the new configuration"
        )
    }

    @Test("A ConfigMap that is mounted anew is a change")
    func configMap() async throws {
        for (name, block) in [("1", "10.244.0.0/16"), ("2", "10.245.0.0/16")] {
            try folder.makeFolder(name)
            try folder.write("\(name)/config.conf", Self.text("clusterCIDR: \(block)\n"))
        }
        try folder.link("..data", to: "1")
        try folder.link("config.conf", to: "..data/config.conf")
        let folder = folder
        let error = try await watching { try folder.relink("..data", to: "2") }
        #expect(error is Failure)
    }

    @Test("Errors are logged and change nothing, and other words for the same are no change")
    func errors() async throws {
        try folder.write("config.conf", Self.text("clusterCIDR: 10.244.0.0/16\n"))
        let (folder, log) = (folder, log)
        let error = try await watching {
            try folder.replace("config.conf", Self.text("clusterCIDR: nonsense\n"))
            try await eventually { log.lines.contains { $0.contains("stays as it was") } }
            #expect(log.lines.contains { $0.hasPrefix("error \(folder["config.conf"]):4: ") }, "\(log.lines)")
            try folder.remove("config.conf")
            try await eventually { log.lines.contains { $0.contains("No such file") } }
            let count = log.lines.count
            // At once: half of a file could be an error of its own.
            try folder.replace("config.conf", Self.text("# a comment\nclusterCIDR: \"10.244.0.0/16\"\n"))
            try await Task.sleep(for: .milliseconds(600))
            #expect(log.lines.count == count)
            try folder.replace("config.conf", Self.text("clusterCIDR: 10.245.0.0/16\n"))
        }
        #expect(error is Failure)
    }

    @Test("A pipe is not watched")
    func pipe() {
        let logger = Logger(label: "test") { _ in LogLines() }
        #expect(ConfigurationWatch("/dev/null", KubeProxyConfiguration(), logger) { KubeProxyConfiguration() } == nil)
    }
}
