import Foundation
import Testing

/// The page `Security.md`.
@Suite struct SecurityPage {
    /// Each test that it names is there.
    @Test func itsTestsExist() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL
        let page = try String(contentsOf: root.appending(path: "Examples/Manual/Security.md"), encoding: .utf8)
        let named = page.matches(of: /`(\w+\.swift)`: `(\w+)`/)
        #expect(named.count > 20)
        var sources: [String: [String]] = [:]
        for folder in ["Tests", "Examples/Tests"] {
            let files = FileManager.default.enumerator(
                at: root.appending(path: folder),
                includingPropertiesForKeys: nil
            )
            for case let file as URL in try #require(files) where file.pathExtension == "swift" {
                sources[file.lastPathComponent, default: []].append(try String(contentsOf: file, encoding: .utf8))
            }
        }
        for test in named {
            let texts = sources[String(test.1)] ?? []
            #expect(texts.contains { $0.contains("func \(test.2)(") }, "\(test.0)")
        }
    }
}
