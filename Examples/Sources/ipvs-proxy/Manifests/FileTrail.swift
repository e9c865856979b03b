import Foundation
import Glibc

/// Watches what leads to files: each folder in which a name of their paths is looked up, and what symbolic links refer to.
///
/// A folder is watched before a name is looked up in it, so that no change between the two is missed.
struct FileTrail {
    private let inotify: Inotify
    private let fileSystems: FileSystems

    /// What is watched, by the numbers of the watches.
    private(set) var interests: [Int32: Interest] = [:]

    /// Why some changes would go unnoticed; nil if none would.
    private(set) var gap: String?

    /// The numbers of the folders' watches, by their paths.
    private var watches: [String: Int32] = [:]

    /// What matters of the events of a watch. Those of the folder or the file itself always do.
    struct Interest: Hashable, Sendable {
        /// The names in the folder that matter.
        var names: Set<String> = []

        /// Whether all manifests in the folder matter.
        var hasManifests = false

        func concerns(_ name: String) -> Bool {
            name.isEmpty || names.contains(name) || hasManifests && ManifestFiles.isManifest(name)
        }
    }

    init(_ inotify: Inotify, _ fileSystems: FileSystems) {
        self.inotify = inotify
        self.fileSystems = fileSystems
    }

    /// Watches all files of the manifests.
    mutating func follow(_ files: ManifestFiles) {
        let here = FileManager.default.currentDirectoryPath
        for path in files.paths {
            guard let place = follow(path, from: here) else { continue }
            // A file has its own watch, as it can also have a name elsewhere, such as where it was mounted from.
            watch(place, [.ofNames, .ofContents]) { $0.hasManifests = true }
            // A folder that can't be listed is reported when it is read.
            guard let names = try? ManifestFiles.entries(in: place) else { continue }
            for name in names {
                if let target = Self.target(of: "\(place)/\(name)") { _ = follow(target, from: place) }
            }
        }
    }

    /// Watches what leads to a path.
    ///
    /// - Returns: Where it leads to, without symbolic links; nil if there is nothing.
    private mutating func follow(_ path: String, from folder: String) -> String? {
        var folder = folder
        var names: [String] = []
        func open(_ path: String) {
            if path.hasPrefix("/") { folder = "/" }
            names += path.split(separator: "/").filter { $0 != "." }.map(String.init).reversed()
        }
        open(path)
        var linkCount = 0
        while let name = names.popLast() {
            guard name != ".." else {
                folder = Self.parent(of: folder)
                continue
            }
            watch(folder, .ofNames) { $0.names.insert(name) }
            let place = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
            var status = stat()
            guard lstat(place, &status) == 0 else {
                checkFileSystem(of: folder)
                return nil
            }
            switch status.st_mode & S_IFMT {
            case S_IFLNK:
                linkCount += 1
                // More than the kernel follows.
                guard linkCount <= 40, let target = Self.target(of: place) else { return nil }
                open(target)
            case S_IFDIR: folder = place
            default:
                watch(folder, .ofContents) { _ in }
                // What follows after a file is not there.
                guard names.isEmpty else { return nil }
                folder = place
            }
        }
        return folder
    }

    private mutating func watch(
        _ path: String,
        _ kinds: Inotify.Event.Kinds,
        _ note: (inout Interest) -> Void
    ) {
        let key = "\(kinds.rawValue) \(path)"
        if let known = watches[key] { return note(&interests[known, default: Interest()]) }
        do throws(NoticeError) {
            let number = try inotify.add(path, kinds)
            watches[key] = number
            note(&interests[number, default: Interest()])
            if kinds.contains(.modified) { checkFileSystem(of: path) }
        } catch {
            if !error.isAbsence { gap = gap ?? error.description }
        }
    }

    /// Notes a file system without notices. That of a folder above doesn't matter, since it hardly changes.
    private mutating func checkFileSystem(of path: String) {
        var status = stat()
        guard gap == nil, stat(path, &status) == 0, let type = fileSystems.silentType(of: status.st_dev) else { return }
        gap = "\(path) is on a file system of type \(type)"
    }

    private static func target(of link: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(link, &buffer, buffer.count)
        // Most files are no links.
        return count > 0 ? String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    private static func parent(of folder: String) -> String {
        let parent = folder.prefix(upTo: folder.lastIndex(of: "/") ?? folder.startIndex)
        return parent.isEmpty ? "/" : String(parent)
    }
}
