import Common
import Foundation
import Glibc
import Testing

@Suite("Files that are replaced")
struct FileReplacementTests {
    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_mode & 0o7777
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test("The file has the new text, and its permissions; nothing else is left")
    func replacement() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ipvsctl-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        // A folder that is left in /tmp does no harm.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/table.yaml"
        try FileReplacement.write("first", to: path)
        chmod(path, 0o640)
        let reader = try #require(FileHandle(forReadingAtPath: path))
        try FileReplacement.write("second", to: path)
        #expect(try text(path) == "second")
        #expect(try mode(path) == 0o640)
        // Whoever has it open reads the old one to its end.
        #expect(try reader.readToEnd() == Data("first".utf8))

        let link = "\(folder)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "table.yaml")
        try FileReplacement.write("third", to: link)
        #expect(try text(path) == "third")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "table.yaml")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["link", "table.yaml"])
    }

    @Test("What is no file is written to")
    func pipe() throws {
        let pipe = Pipe()
        try FileReplacement.write("text", to: "/proc/self/fd/\(pipe.fileHandleForWriting.fileDescriptor)")
        #expect(pipe.fileHandleForReading.availableData == Data("text".utf8))
    }

    @Test("An error says why, and the file stays", arguments: ["/", "/none/table.yaml", "/dev/full"])
    func errors(path: String) {
        let reasons = [
            "/": "Is a directory", "/none/table.yaml": "No such file or directory",
            "/dev/full": "No space left on device",
        ]
        let error = #expect(throws: FileError.self) { try FileReplacement.write("text", to: path) }
        #expect(error?.reason == reasons[path])
    }
}
