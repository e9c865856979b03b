import Foundation

/// A folder for one test, which is removed with this object.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "ipvs-proxy-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    // A folder that is left in /tmp does no harm.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file in place, and returns its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try text.write(toFile: self[name], atomically: false, encoding: .utf8)
        return self[name]
    }

    /// Replaces a file with another one.
    func replace(_ name: String, _ text: String) throws {
        try text.write(toFile: self[name], atomically: true, encoding: .utf8)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: self[name]) }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: self[name], withIntermediateDirectories: true)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: self[name], withDestinationPath: target)
    }

    /// Replaces a link atomically.
    func relink(_ name: String, to target: String) throws {
        try link("\(name).new", to: target)
        guard rename(self["\(name).new"], self[name]) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    subscript(name: String) -> String { "\(path)/\(name)" }
}
