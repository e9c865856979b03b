import Common
import Glibc

/// The manifest files, given by the user's paths.
struct ManifestFiles: Sendable {
    /// Paths of files, and of folders with files.
    let paths: [String]

    /// Whether they are read several times, for which they must be regular files. Otherwise they can be pipes too, and
    /// `-` is standard input.
    var isRepeated = true

    /// Whether any path is that of a file that can be read only once.
    var haveStreams: Bool { !isRepeated && paths.contains { !Self.hasType($0, S_IFREG) && !Self.hasType($0, S_IFDIR) } }

    /// The state of all paths and files, without their contents. It differs if anything may have changed.
    struct Fingerprint: Hashable, Sendable {
        fileprivate var states: [State] = []

        /// Whether any change at a time (in seconds since 1970) or later results in another state.
        ///
        /// A file that changes twice within a short time can have the same times and the same length: the clocks of
        /// file systems advance only every few milliseconds, or on some of them every two seconds.
        func isSettled(at second: Int) -> Bool { states.allSatisfy { $0.secondOfChange + 2 < second } }
    }

    fileprivate struct State: Hashable {
        let path: String
        let device: UInt
        let inode: UInt
        let size: Int
        /// The times of the last changes of contents and metadata. They are only compared for equality.
        let times: [UInt8]
        /// The time of the last change in seconds since 1970.
        let secondOfChange: Int
        /// The error number if the state can't be read; otherwise 0.
        let errno: Int32

        /// The state of the file that a path refers to, after following symbolic links.
        init(_ path: String) {
            self.path = path
            var status = Glibc.stat()
            errno = stat(path, &status) == 0 ? 0 : Glibc.errno
            (device, inode, size) = (status.st_dev, status.st_ino, status.st_size)
            times = withUnsafeBytes(of: status.st_mtim, Array.init) + withUnsafeBytes(of: status.st_ctim, Array.init)
            secondOfChange = withUnsafeBytes(of: status.st_ctim) { $0.load(as: Int.self) }
        }
    }

    func fingerprint() -> Fingerprint {
        var fingerprint = Fingerprint()
        for path in paths {
            fingerprint.states.append(State(path))
            // A folder that can't be listed is reported when it is read.
            if let names = try? Self.names(in: path) {
                fingerprint.states += names.map { State("\(path)/\($0)") }
            }
        }
        return fingerprint
    }

    /// Reads all files, in the order of the paths and of the names in a folder.
    func read(for node: NodeIdentity) -> ManifestReader {
        var reader = ManifestReader(node)
        for path in paths {
            do throws(FileError) {
                if path == TextFile.standardInput, !isRepeated {
                    Self.read(path, &reader, nil)
                } else if let names = try Self.names(in: path) {
                    // Without them, everything would be deleted.
                    guard !names.isEmpty else { throw FileError(reason: Self.emptiness) }
                    for name in names { Self.read("\(path)/\(name)", &reader, Self.reasonInFolder) }
                } else {
                    Self.read(path, &reader, isRepeated ? Self.reasonToWatch : nil)
                }
            } catch {
                reader.refuse(path, error)
            }
        }
        reader.finish()
        return reader
    }

    /// Reads a file, which must be a regular one if there is a reason for it.
    private static func read(_ file: String, _ reader: inout ManifestReader, _ reason: String?) {
        let name = reason == nil ? TextFile.name(file) : file
        do throws(FileError) {
            let text =
                if let reason { try TextFile.read(regular: file, because: reason) } else { try TextFile.read(file) }
            // A stream has no name that tells JSON from YAML.
            let isJSON = name == file ? nil : ["{", "["].contains(text.first { !$0.isWhitespace })
            reader.read(text, file: name, isJSON: isJSON)
        } catch {
            reader.refuse(name, error)
        }
    }

    private static let reasonToWatch = "which can be watched; store it in one, or use --once or --dry-run"
    private static let reasonInFolder = "as those in a folder must be"

    private static let emptiness =
        "has no manifests (.yaml, .yml or .json); if there are to be none, put a file with a comment there"

    /// The names of a folder's manifests, in order, or nil if it is not a folder. Those of folders are left out.
    private static func names(in path: String) throws(FileError) -> [String]? {
        try entries(in: path)?.filter { !hasType("\(path)/\($0)", S_IFDIR) }
    }

    /// The names in a folder that are like those of manifests, in order; nil if it is not a folder.
    static func entries(in path: String) throws(FileError) -> [String]? {
        guard let folder = opendir(path) else {
            if errno == ENOTDIR { return nil }
            throw FileError(reason: String(cString: strerror(errno)))
        }
        defer { closedir(folder) }
        var names: [String] = []
        // A folder that can't be listed completely would lose the rest of its manifests.
        errno = 0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if isManifest(name) { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw FileError(reason: String(cString: strerror(errno))) }
        return names.sorted()
    }

    /// Whether a name in a folder is like that of a manifest.
    ///
    /// Hidden files are left out: those of editors, and those of a mounted ConfigMap, where `web.yaml` is a symbolic
    /// link to `..data/web.yaml`, and `..data` a link to a folder that is replaced by each change.
    static func isManifest(_ name: String) -> Bool {
        !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.lowercased().hasSuffix($0) }
    }

    private static func hasType(_ path: String, _ type: mode_t) -> Bool {
        var status = Glibc.stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == type
    }
}
