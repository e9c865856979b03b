import Foundation
import Testing

/// A page of the manual, and what the programs that show such pages say of it.
struct ManualPage {
    let path: String

    /// The page of a name, such as `ipvsctl.8`.
    init(_ name: String) {
        // One folder of tests up, whichever this file is linked into.
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        path = tests.appending(path: "../Manual/\(name)").standardized.path
    }

    var text: String { get throws { try String(contentsOfFile: path, encoding: .utf8) } }

    /// Whether a shell finds a program; not where there is no shell.
    static func has(_ program: String) -> Bool {
        (try? TestProcess.run(["sh", "-c", "command -v \(program)"]).status) == 0
    }

    /// What `man` shows; it has to have nothing to complain of.
    func shown() throws -> String {
        let result = try TestProcess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", path])
        #expect(result.status == 0 && result.stderr.isEmpty, "\(result.stderr)")
        return result.stdout
    }

    /// Has `mandoc` complain of what is wrong.
    func lint() throws {
        let result = try TestProcess.run(["mandoc", "-Tlint", "-W", "warning", path])
        #expect(result.status == 0, "\(result.stdout)\(result.stderr)")
    }
}
