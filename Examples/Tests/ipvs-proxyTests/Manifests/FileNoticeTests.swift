import Foundation
import IPVSProxy
import Logging
import Metrics
import ServiceLifecycle
import Synchronization
import Testing
import UnixSignals

@testable import ipvs_proxy

/// Changes that are seen because the kernel gives notice of them: without a notice, nothing is looked at for hours.
@Suite(.timeLimit(.minutes(15)))
struct ManifestNotices {
    let folder: Folder
    private let log = LogLines()

    init() throws { folder = try Folder() }

    /// Collects what a service reports.
    private final class Reports: Sendable {
        let all = Mutex<[ManifestChanges]>([])
    }

    private static let hours = ManifestTiming(
        rest: .milliseconds(20),
        openRest: .milliseconds(100),
        patience: .milliseconds(200),
        interval: .seconds(36_000),
        safetyInterval: .seconds(36_000)
    )

    /// Runs a service while the body changes files.
    private func following(
        _ paths: [String]? = nil,
        _ timing: ManifestTiming = Self.hours,
        _ notices: FileNotices = FileNotices(),
        _ body: (ManifestService, _ names: @Sendable () async throws -> [String]) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in log }
        var watch = ManifestWatch(paths ?? [folder.path], node: NodeIdentity(name: "node-a"), logger: logger)
        // What can't be read yet is read by the service later.
        let first = try? watch.read()
        let reports = Reports()
        let hangups = await UnixSignalsSequence(trapping: .sigusr2)
        let service = ManifestService(watch, notices, hangups, logger, NOOPMetricsHandler.instance, timing: timing) {
            changes in reports.all.withLock { $0.append(changes) }
        }
        let group = ServiceGroup(services: [service], logger: Logger(label: "test") { _ in LogLines() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body(service) {
                reports.all.withLock { all in
                    ((first.map { [$0] } ?? []) + all).reduce(into: Set<String>()) { names, changes in
                        for change in changes.services {
                            switch change {
                            case .added(let service): names.insert(service.name.name)
                            case .updated: break
                            case .deleted(let service): names.remove(service.name.name)
                            }
                        }
                    }.sorted()
                }
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Waits for a condition.
    private func eventually(
        _ sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: () async throws -> Bool
    ) async throws {
        let limit = ContinuousClock.now + .seconds(180)
        while try await !condition() {
            guard .now < limit else {
                Issue.record("it has not happened", sourceLocation: sourceLocation)
                return
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Whether nothing is due before hours have passed.
    private func sleeps(_ service: ManifestService) async -> Bool {
        await service.nextLook.map { $0 > .now + .seconds(3_600) } ?? false
    }

    @Test func filesThatComeChangeAndGo() async throws {
        try folder.write("a.yaml", Sample.service("a"))
        try await following { service, names in
            #expect(try await names() == ["a"])
            try await eventually { await service.lookCount > 0 }
            try folder.write("b.yaml", Sample.service("b"))
            try await eventually { try await names() == ["a", "b"] }
            try folder.write("a.yaml", Sample.service("c"))
            try await eventually { try await names() == ["b", "c"] }
            try folder.replace("a.yaml", Sample.service("d"))
            try await eventually { try await names() == ["b", "d"] }
            try folder.remove("b.yaml")
            try await eventually { try await names() == ["d"] }
        }
    }

    @Test func aFileByItsName() async throws {
        let path = try folder.write("a", Sample.service("a"))
        try await following([path]) { service, names in
            try await eventually { await service.lookCount > 0 }
            try folder.write("a", Sample.service("b"))
            try await eventually { try await names() == ["b"] }
            // As editors do.
            try folder.replace("a", Sample.service("c"))
            try await eventually { try await names() == ["c"] }
            try folder.write("a", Sample.service("d"))
            try await eventually { try await names() == ["d"] }
        }
    }

    /// A write through another name has no notice in the folder.
    @Test func anotherNameOfAFile() async throws {
        let path = try folder.write("a.yaml", Sample.service("a"))
        try folder.makeFolder("elsewhere")
        try FileManager.default.linkItem(atPath: path, toPath: folder["elsewhere/a"])
        try await following([path]) { service, names in
            try await eventually { await service.lookCount > 0 }
            try folder.write("elsewhere/a", Sample.service("b"))
            try await eventually { try await names() == ["b"] }
        }
    }

    /// Like kubelet: all files change at once, together with the link to their folder.
    @Test func aMountedConfigMap() async throws {
        try folder.makeFolder("..1")
        try folder.write("..1/web.yaml", Sample.service("v1"))
        try folder.link("..data", to: "..1")
        try folder.link("web.yaml", to: "..data/web.yaml")
        try await following { service, names in
            try await eventually { await service.lookCount > 0 }
            for number in 2...4 {
                try folder.makeFolder("..\(number)")
                try folder.write("..\(number)/web.yaml", Sample.service("v\(number)"))
                try folder.relink("..data", to: "..\(number)")
                try folder.remove("..\(number - 1)")
                try await eventually { try await names() == ["v\(number)"] }
            }
        }
    }

    @Test func aFileBehindLinks() async throws {
        try folder.makeFolder("far/away")
        try folder.write("far/away/a", Sample.service("a"))
        try folder.makeFolder("some")
        try folder.link("some/a.yaml", to: "../near/a")
        try folder.link("near", to: folder["far/away"])
        try await following([folder["some"]]) { service, names in
            try await eventually { await service.lookCount > 0 }
            try folder.write("far/away/a", Sample.service("b"))
            try await eventually { try await names() == ["b"] }
            try folder.replace("far/away/a", Sample.service("c"))
            try await eventually { try await names() == ["c"] }
        }
    }

    @Test func foldersThatVanishAndComeBack() async throws {
        try folder.makeFolder("one/two")
        try folder.write("one/two/a.yaml", Sample.service("a"))
        try await following([folder["one/two"]]) { service, names in
            try await eventually { await service.lookCount > 0 }
            try folder.remove("one")
            try await eventually { log.lines.contains { $0.hasSuffix("one/two: No such file or directory") } }
            #expect(try await names() == ["a"])
            try folder.makeFolder("one")
            try folder.makeFolder("one/two")
            try folder.write("one/two/b.yaml", Sample.service("b"))
            try await eventually { try await names() == ["b"] }
            // Another folder takes its place.
            try folder.makeFolder("next/two")
            try folder.write("next/two/c.yaml", Sample.service("c"))
            #expect(rename(folder["one"], folder["former"]) == 0)
            #expect(rename(folder["next"], folder["one"]) == 0)
            try await eventually { try await names() == ["c"] }
        }
    }

    @Test func aFolderThatIsNotYetThere() async throws {
        try await following([folder["one/two/three"]]) { service, names in
            try await eventually { await service.lookCount > 0 }
            try folder.makeFolder("one/two/three")
            try folder.write("one/two/three/a.yaml", Sample.service("a"))
            try await eventually { try await names() == ["a"] }
        }
    }

    /// A burst is read once or twice, not once per file.
    @Test func aBurst() async throws {
        try folder.write("a.yaml", Sample.service("a"))
        try await following { service, names in
            try await eventually { await service.lookCount > 0 }
            let all = (0..<200).map { "b\($0)" }
            for name in all { try folder.replace("\(name).yaml", Sample.service(name)) }
            try await eventually { try await names() == (["a"] + all).sorted() }
            #expect(await service.lookCount < 100)
        }
    }

    /// A writer that pauses is waited for: half of its objects are not taken for all of them.
    @Test func aFileThatIsStillOpen() async throws {
        let path = try folder.write(
            "a.yaml",
            Sample.service("a") + "---\n" + Sample.service("b", clusterIP: "10.96.0.2")
        )
        var timing = Self.hours
        timing.openRest = .seconds(36_000)
        timing.patience = .seconds(36_000)
        try await following(nil, timing) { service, names in
            try await eventually { await service.lookCount > 0 }
            let count = await service.lookCount
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.truncate(atOffset: 0)
            try file.write(contentsOf: Data(Sample.service("a", clusterIP: "10.96.0.7").utf8))
            try await eventually { await service.lookCount > count }
            // Longer than a file has to be at rest when it is closed.
            try await Task.sleep(for: .milliseconds(200))
            #expect(try await names() == ["a", "b"])
            try file.write(contentsOf: Data(("---\n" + Sample.service("c", clusterIP: "10.96.0.3")).utf8))
            try file.close()
            try await eventually { try await names() == ["a", "c"] }
            #expect(!log.lines.contains { $0.hasPrefix("error") })
        }
    }

    /// The second edit keeps the length, and perhaps the times. Once nothing can be missed, nothing is looked at any more.
    @Test func anEditRightAfterTheReading() async throws {
        try folder.write("a.yaml", Sample.service("a"))
        try await following { service, names in
            for name in ["b", "c", "d", "e"] {
                try folder.write("a.yaml", Sample.service(name))
                try await eventually { try await names() == [name] }
            }
            try await eventually { await sleeps(service) }
        }
    }

    /// Neither do changes of other files in the same folders wake it.
    @Test func nothingIsLookedAtWithoutNeed() async throws {
        try folder.makeFolder("some")
        try folder.write("some/a.yaml", Sample.service("a"))
        let notices = FileNotices()
        try await following([folder["some"]], Self.hours, notices) { service, names in
            try await eventually { await sleeps(service) }
            let count = await service.lookCount
            for name in ["other", "some/.a.yaml.swp", "some/notes.txt"] { try folder.write(name, "[") }
            try folder.makeFolder("another")
            // The notice of this one comes after theirs.
            try folder.replace("some/b.yaml", Sample.service("b"))
            try await eventually { try await names() == ["a", "b"] }
            try await eventually { await sleeps(service) }
            // At the notice, at rest, when settled; and again if the notices of one replacement come apart.
            #expect(await service.lookCount - count <= 8)
            let then = await service.lookCount
            for _ in 0..<100 { try folder.write("some/notes.txt", "]") }
            try await Task.sleep(for: .milliseconds(300))
            #expect(await service.lookCount == then)
        }
    }

    @Test func aSignal() async throws {
        try folder.write("a.yaml", Sample.service("a"))
        try await following { service, _ in
            try await eventually { await sleeps(service) }
            kill(getpid(), SIGUSR2)
            try await eventually { log.lines.contains("info nothing has changed in the manifests") }
            #expect(log.lines.contains("info reading the manifests, as SIGHUP asks"))
        }
    }

    /// Without notices, the files are looked at all the time, as the log says.
    @Test func withoutNotices() async throws {
        try folder.write("a.yaml", Sample.service("a"))
        var timing = Self.hours
        timing.interval = .milliseconds(10)
        let notices = FileNotices { () throws(NoticeError) in throw NoticeError(path: nil, number: EMFILE) }
        try await following(nil, timing, notices) { service, names in
            try await eventually { await service.lookCount > 5 }
            try folder.write("a.yaml", Sample.service("b"))
            try await eventually { try await names() == ["b"] }
        }
        #expect(
            log.lines.filter { $0.hasPrefix("notice") } == [
                "notice the manifests are looked at every 0.01 seconds, as changes can go unnoticed: more users of inotify "
                    + "than fs.inotify.max_user_instances allows"
            ]
        )
    }

    /// Where no notice can be trusted, there is a look now and then.
    @Test func theSafetyInterval() async throws {
        try folder.write("a.yaml", Sample.service("a"))
        var timing = Self.hours
        timing.safetyInterval = .milliseconds(10)
        try await following(nil, timing) { service, _ in try await eventually { await service.lookCount > 5 } }
    }
}

/// What the kernel writes, and what it means.
@Suite struct NoticesOfTheKernel {
    private func bytes(_ watch: Int32, _ kinds: UInt32, _ name: String, padding: Int) -> [UInt8] {
        let name = Array(name.utf8) + [UInt8](repeating: 0, count: padding)
        return [UInt32(bitPattern: watch), kinds, 0, UInt32(name.count)]
            .flatMap { withUnsafeBytes(of: $0, Array.init) } + name
    }

    @Test func events() {
        let all =
            bytes(1, 0x100, "a.yaml", padding: 10) + bytes(2, 0x400, "", padding: 0) + bytes(-1, 0x4000, "", padding: 0)
        #expect(
            Inotify.Event.all(in: all[...]) == [
                Inotify.Event(watch: 1, kinds: .created, name: "a.yaml"),
                Inotify.Event(watch: 2, kinds: .init(rawValue: 0x400), name: ""),
                Inotify.Event(watch: -1, kinds: .lost, name: ""),
            ]
        )
        for count in 0..<16 { #expect(Inotify.Event.all(in: all[..<count]).isEmpty) }
    }

    /// After an overflow, anything can have changed.
    @Test func lostEvents() throws {
        let folder = try Folder()
        let notices = FileNotices()
        #expect(notices.follow(ManifestFiles(paths: [folder.path])) == nil)
        notices.take([Inotify.Event(watch: 99, kinds: .created, name: "a.yaml")])
        #expect(!notices.takeNews())
        notices.take([Inotify.Event(watch: -1, kinds: .lost, name: "")])
        #expect(notices.takeNews() && !notices.takeNews())
    }

    @Test func fileSystems() throws {
        let systems = FileSystems(
            mounts: """
                22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
                23 22 0:45 / /mnt rw,relatime shared:2 master:3 - nfs4 server:/export rw
                24 22 0:46 / /host rw - 9p share rw
                25 22 0:1048577 / /remote rw - fuse.sshfs server: rw
                26 22 0:47 / /layers rw - overlay overlay rw
                27 22 nonsense
                28 22 0:x / /a rw - nfs a rw
                """
        )
        #expect(systems.silentType(of: 0xfe00) == nil)
        #expect(systems.silentType(of: 45) == "nfs4" && systems.silentType(of: 46) == "9p")
        #expect(systems.silentType(of: FileSystems.device(major: 0, minor: 1_048_577)) == "fuse.sshfs")
        #expect(systems.silentType(of: 47) == nil && systems.silentType(of: 48) == nil)
        var status = stat()
        try #require(stat("/proc", &status) == 0)
        #expect(FileSystems.current.silentType(of: status.st_dev) == nil)
    }

    @Test func aSilentFileSystem() throws {
        let folder = try Folder()
        var status = stat()
        try #require(stat(folder.path, &status) == 0)
        let (major, minor) = ((status.st_dev >> 8) & 0xfff, status.st_dev & 0xff | (status.st_dev >> 12) & 0xfff00)
        let systems = FileSystems(mounts: "22 1 \(major):\(minor) / / rw - nfs server:/ rw")
        let gap = try #require(FileNotices().follow(ManifestFiles(paths: [folder.path]), systems))
        #expect(gap.hasSuffix(" is on a file system of type nfs"))
        // Where a file is not yet, it can come without a notice. A folder above another file system doesn't matter.
        #expect(FileNotices().follow(ManifestFiles(paths: [folder["none"]]), systems) != nil)
        #expect(FileNotices().follow(ManifestFiles(paths: ["/proc/self"]), systems) == nil)
    }

    @Test func reasons() {
        #expect(NoticeError(path: "/a", number: ENOSPC).description.hasPrefix("/a: more watches than "))
        #expect(NoticeError(path: nil, number: EACCES).description == "Permission denied")
    }
}
