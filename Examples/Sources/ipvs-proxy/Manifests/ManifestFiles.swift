import Common
import Glibc

/// The files that manifests are in, by the paths that a user gave.
struct ManifestFiles: Sendable {
    /// Files, and folders that have files.
    let paths: [String]

    /// What tells whether anything may have changed: the state of all paths and files, without their content.
    struct Fingerprint: Hashable, Sendable {
        fileprivate var states: [State] = []

        /// Whether anything that was changed at a time (in seconds since 1970) or later has another state.
        ///
        /// What is changed twice in a short time can have the same times and the same length: the clock that file
        /// systems go by stands still for some milliseconds, on some of them for two seconds.
        func isSettled(at second: Int) -> Bool { states.allSatisfy { $0.secondOfChange + 2 < second } }
    }

    fileprivate struct State: Hashable {
        let path: String
        let device: UInt
        let inode: UInt
        let size: Int
        /// When the content and the rest were changed, as the kernel has it: only whether it is the same counts.
        let times: [UInt8]
        /// The time of the last change in seconds since 1970.
        let secondOfChange: Int
        /// Why nothing is known of it; 0 if something is.
        let errno: Int32

        /// Of what a path stands for, at the end of its symbolic links.
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
            // What can't be listed is told when it is read.
            if let names = try? Self.names(in: path) {
                fingerprint.states += names.map { State("\(path)/\($0)") }
            }
        }
        return fingerprint
    }

    /// Reads all that there is, in the order of the paths and of the names in a folder.
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

    /// The names of a folder's manifests, in order; nil if it is no folder.
    ///
    /// Hidden ones are none: editors' and those of a mounted ConfigMap, where `web.yaml` is a symbolic link to
    /// `..data/web.yaml`, and `..data` one to a folder that is replaced by another at each change. Folders are none
    /// either.
    private static func names(in path: String) throws(FileError) -> [String]? {
        guard let folder = opendir(path) else {
            if errno == ENOTDIR { return nil }
            throw FileError(reason: String(cString: strerror(errno)))
        }
        defer { closedir(folder) }
        var names: [String] = []
        // A folder that can't be listed to its end would have lost the rest of its manifests.
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
