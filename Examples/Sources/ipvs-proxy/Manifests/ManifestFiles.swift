import Common
import Glibc

/// The manifest files, given by the user's paths.
struct ManifestFiles: Sendable {
    /// Paths of files, and of folders with files.
    let paths: [String]

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
    func read(nodeName: String) -> ManifestReader {
        var reader = ManifestReader(nodeName: nodeName)
        for path in paths {
            do throws(FileError) {
                if let names = try Self.names(in: path) {
                    for name in names { Self.read("\(path)/\(name)", &reader) }
                } else {
                    Self.read(path, &reader)
                }
            } catch {
                reader.refuse(path, error)
            }
        }
        return reader
    }

    private static func read(_ file: String, _ reader: inout ManifestReader) {
        do throws(FileError) {
            reader.read(try TextFile.read(regular: file), file: file)
        } catch {
            reader.refuse(file, error)
        }
    }

    /// The names of a folder's manifests, in order, or nil if it is not a folder.
    ///
    /// Hidden files are left out: those of editors, and those of a mounted ConfigMap, where `web.yaml` is a symbolic
    /// link to `..data/web.yaml`, and `..data` a link to a folder that is replaced by each change. Folders are left out
    /// too.
    private static func names(in path: String) throws(FileError) -> [String]? {
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
            let isManifest = [".yaml", ".yml", ".json"].contains { name.lowercased().hasSuffix($0) }
            if isManifest, !name.hasPrefix("."), !isFolder("\(path)/\(name)") { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw FileError(reason: String(cString: strerror(errno))) }
        return names.sorted()
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = Glibc.stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
