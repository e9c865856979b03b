import Foundation
import IPVSProxy
import Logging
import Testing

@testable import ipvs_proxy

/// Detection of changes in the files, check by check.
@Suite struct ManifestWatching {
    let folder: Folder
    private let log = LogLines()

    init() throws { folder = try Folder() }

    private func watch(_ paths: String...) -> ManifestWatch {
        let paths = paths.isEmpty ? [folder.path] : paths
        return ManifestWatch(paths, node: NodeIdentity(name: "node-a"), logger: Logger(label: "test") { _ in log })
    }

    /// Checks until there is a change, or until none can be detected any more.
    private func changes(_ watch: inout ManifestWatch) throws -> ManifestChanges? {
        for _ in 0..<3 {
            if let changes = try watch.look() { return changes }
        }
        return nil
    }

    private func names(_ watch: ManifestWatch) -> [String] { watch.manifests.services.keys.map(\.name).sorted() }

    @Test func filesAndFolders() throws {
        let file = try folder.write("one", Sample.service("one"))
        try folder.makeFolder("some")
        try folder.write("some/b.yml", Sample.service("b"))
        try folder.write("some/a.YAML", Sample.service("a"))
        try folder.write("some/c.json", Sample.serviceInJSON("c"))
        for name in ["some/notes.txt", "some/.hidden.yaml", "some/b.yaml~"] { try folder.write(name, "[") }
        try folder.makeFolder("some/folder.yaml")
        var watch = watch(file, folder["some"])
        #expect(try watch.read().services.count == 4)
        #expect(names(watch) == ["a", "b", "c", "one"])
        #expect(try changes(&watch) == nil)
    }

    @Test func editsInPlace() throws {
        try folder.write("a.yaml", Sample.service())
        var watch = watch()
        _ = try watch.read()
        // With another length, as its times may be the same.
        try folder.write("a.yaml", Sample.service(clusterIP: "10.96.0.20"))
        // After two equal checks, and never in the first one.
        #expect(try watch.look() == nil)
        let changes = try #require(try watch.look())
        #expect(changes.services.count == 1 && changes.slices.isEmpty)
        if case .updated = changes.services[0] {} else { Issue.record("\(changes.services[0])") }
        #expect(try watch.look() == nil)
    }

    /// This keeps the file's length and its times.
    @Test func anEditRightAfterTheReading() throws {
        try folder.write("a.yaml", Sample.service(clusterIP: "10.96.0.1"))
        var watch = watch()
        for last in [2, 3, 4, 5, 6, 7, 8, 9] {
            try folder.write("a.yaml", Sample.service())
            _ = try watch.read()
            try folder.write("a.yaml", Sample.service(clusterIP: "10.96.0.\(last)"))
            #expect(try changes(&watch)?.services.count == 1)
        }
    }

    /// Files' times in the future are ignored, for example after the clock was set back.
    @Test func aFileThatStaysTheSame() throws {
        try folder.write("a.yaml", Sample.service())
        var watch = watch()
        let begin = ContinuousClock.now
        _ = try watch.read(at: begin)
        #expect(try watch.look(at: begin + .seconds(2)) == nil && !watch.isSettled)
        #expect(try watch.look(at: begin + .seconds(4)) == nil && watch.isSettled)
        // Later changes are detected.
        try folder.write("a.yaml", Sample.service(clusterIP: "10.96.0.20"))
        #expect(try watch.look(at: begin + .seconds(5)) == nil)
        #expect(try watch.look(at: begin + .seconds(6))?.services.count == 1 && !watch.isSettled)
    }

    @Test func filesThatComeGoAndAreReplaced() throws {
        try folder.write("a.yaml", Sample.service("a"))
        var watch = watch()
        _ = try watch.read()
        try folder.write("b.yaml", Sample.service("b"))
        #expect(try changes(&watch)?.services.count == 1)
        #expect(names(watch) == ["a", "b"])
        try folder.replace("a.yaml", Sample.service("c"))
        #expect(try changes(&watch)?.services.count == 2)
        #expect(names(watch) == ["b", "c"])
        try folder.remove("b.yaml")
        #expect(try changes(&watch)?.services.count == 1)
        #expect(names(watch) == ["c"])
    }

    /// Like kubelet: all files change at once, together with the link to their folder.
    @Test func aMountedConfigMap() throws {
        try folder.makeFolder("..2025_03_04")
        try folder.write("..2025_03_04/web.yaml", Sample.service("a"))
        try folder.link("..data", to: "..2025_03_04")
        try folder.link("web.yaml", to: "..data/web.yaml")
        var watch = watch()
        _ = try watch.read()
        #expect(names(watch) == ["a"])
        try folder.makeFolder("..2025_03_05")
        try folder.write("..2025_03_05/web.yaml", Sample.service("b"))
        try folder.relink("..data", to: "..2025_03_05")
        try folder.remove("..2025_03_04")
        #expect(try changes(&watch)?.services.count == 2)
        #expect(names(watch) == ["b"])
    }

    @Test func nothingNewInAnotherFile() throws {
        try folder.write("a.yaml", Sample.service())
        var watch = watch()
        _ = try watch.read()
        try folder.replace("a.yaml", "# a remark\n" + Sample.service())
        #expect(try changes(&watch)?.isEmpty == true)
    }

    /// After an error everything is kept, including valid objects, until it is corrected. It is logged once.
    @Test func anError() throws {
        try folder.write("a.yaml", Sample.service("a"))
        try folder.write("b.yaml", Sample.service("b"))
        var watch = watch()
        _ = try watch.read()
        let before = watch.manifests
        try folder.write("a.yaml", Sample.service("a", clusterIP: "10.96.0.7"))
        try folder.write("b.yaml", Sample.service("b", clusterIP: "none"))
        #expect(try watch.look() == nil)
        let error = #expect(throws: ManifestErrors.self) { try watch.look() }
        #expect(
            error?.errors.map(\.description) == [
                "\(folder["b.yaml"]):6: Service default/b: spec.clusterIP: \"none\" is not an IP address"
            ]
        )
        #expect(watch.manifests == before)
        #expect(try changes(&watch) == nil)
        try folder.write("b.yaml", Sample.service("b"))
        #expect(try changes(&watch)?.services.count == 1)
    }

    @Test func aFileThatIsMissing() throws {
        let file = folder["a.yaml"]
        var watch = watch(file)
        let error = #expect(throws: ManifestErrors.self) { try watch.read() }
        #expect(error?.errors.map(\.description) == ["\(file): No such file or directory"])
        try folder.write("a.yaml", Sample.service())
        #expect(try changes(&watch)?.services.count == 1)
        try folder.remove("a.yaml")
        #expect(throws: ManifestErrors.self) { try changes(&watch) }
        #expect(names(watch) == ["web"])
    }

    /// A shell leaves this before the command writes the redirected output.
    @Test(arguments: [("a.yaml", Sample.service()), ("a.json", Sample.serviceInJSON())], ["", " \n\r\n"])
    func aFileThatIsEmptied(before: (name: String, text: String), text: String) throws {
        let file = try folder.write(before.name, before.text)
        var watch = watch()
        _ = try watch.read()
        try folder.write(before.name, text)
        let error = #expect(throws: ManifestErrors.self) { try changes(&watch) }
        #expect(
            error?.errors.map(\.description) == [
                "\(file): is empty; if there is to be nothing in it, put a comment there or remove it"
            ]
        )
        #expect(names(watch) == ["web"])
    }

    @Test func aFolderThatComesAgain() throws {
        try folder.makeFolder("some")
        try folder.write("some/a.yaml", Sample.service("a"))
        var watch = watch(folder["some"])
        _ = try watch.read()
        try folder.remove("some")
        let error = #expect(throws: ManifestErrors.self) { try changes(&watch) }
        #expect(error?.errors.map(\.description) == ["\(folder["some"]): No such file or directory"])
        #expect(names(watch) == ["a"])
        try folder.makeFolder("some")
        try folder.write("some/b.yaml", Sample.service("b"))
        #expect(try changes(&watch)?.services.count == 2)
        #expect(names(watch) == ["b"])
    }

    @Test func textThatIsNone() throws {
        let path = folder["a.yaml"]
        try Data([0x61, 0x0a, 0xff]).write(to: URL(filePath: path))
        var watch = watch()
        let error = #expect(throws: ManifestErrors.self) { try watch.read() }
        #expect(error?.errors.map(\.description) == ["\(path):2: is not UTF-8 text"])
    }

    @Test func aFileThatNeverRests() throws {
        try folder.write("a.yaml", "# nothing")
        var watch = watch()
        _ = try watch.read()
        var reads = 0
        for number in 0..<30 {
            try folder.write("a.yaml", Sample.service("name\(String(repeating: "x", count: number))"))
            if try watch.look() != nil { reads += 1 }
        }
        #expect((1...3).contains(reads))
    }

    /// A file that is still being written is not taken for deleted, and one that is missing at the end is.
    @Test func aFileThatIsWrittenSlowly() throws {
        let services = (10..<40).map { Sample.service("name\($0)", clusterIP: "10.96.0.\($0)") }
        try folder.write("a.yaml", services.joined(separator: "---\n"))
        var watch = watch()
        _ = try watch.read()
        var reads = 0
        for count in 1..<services.count {
            let updated = [Sample.service("name10", clusterIP: "10.97.0.\(count)")] + services[1..<count]
            try folder.write("a.yaml", updated.joined(separator: "---\n"))
            guard let changes = try watch.look() else { continue }
            reads += 1
            #expect(changes.services.count == 1)
            #expect(names(watch).count == services.count)
        }
        #expect(reads > 1)
        let last = try #require(try changes(&watch))
        #expect(last.services.contains { if case .deleted = $0 { true } else { false } })
        #expect(names(watch) == services.indices.dropLast().map { "name\($0 + 10)" })
    }
}
