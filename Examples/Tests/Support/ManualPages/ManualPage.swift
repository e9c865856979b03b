// The static standard library has no Testing, so there are no tests of pages.
#if canImport(Testing)
import Foundation
import IPVSTestKernel
import Testing

/// A manual page, and the problems that programs for such pages report.
public struct ManualPage {
    /// The path of its file.
    public let path: String

    /// The page with a name, such as `ipvsctl.8`.
    public init(_ name: String) {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        path = folder.appending(path: "../../../Manual/\(name)").standardized.path
    }

    /// The source of the page.
    public var text: String { get throws { try String(contentsOfFile: path, encoding: .utf8) } }

    /// Whether a shell finds a program; false without a shell.
    public static func has(_ program: String) -> Bool {
        (try? TestProcess.run(["sh", "-c", "command -v \(program)"]).status) == 0
    }

    /// Returns what `man` shows. The test fails if `man` reports a problem.
    public func shown() throws -> String {
        let result = try TestProcess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", path])
        #expect(result.status == 0 && result.stderr.isEmpty, "\(result.stderr)")
        return result.stdout
    }

    /// Checks the page with `mandoc`. The test fails if `mandoc` reports a problem.
    public func lint() throws {
        let result = try TestProcess.run(["mandoc", "-Tlint", "-W", "warning", path])
        #expect(result.status == 0, "\(result.stdout)\(result.stderr)")
    }
}
#endif
