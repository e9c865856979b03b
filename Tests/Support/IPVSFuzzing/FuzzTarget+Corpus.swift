import Foundation
import IPVSTestModels
import Testing

extension FuzzTarget {
    /// The folder with the corpora of all targets.
    private static let corpora = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Corpora").standardizedFileURL

    /// The folder with the corpus.
    var corpus: URL { Self.corpora.appending(path: name) }

    /// Lets libFuzzer run in a process for it. In all others, it reads each file of the corpus, and some changed copies of each,
    /// the same ones in each run.
    ///
    /// - Parameter copies: The number of changed copies of each file.
    /// - Throws: An error if the corpus can't be read.
    public func checkCorpus(copies: Int = 50) throws {
        guard !fuzzIfChosen() else { return }
        let files = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
        try #require(!files.isEmpty, "the corpus is empty")
        var random = SplitMix64(seed: 1)
        for file in files.sorted(by: { $0.path < $1.path }) {
            let original = [UInt8](try Data(contentsOf: file))
            report(original, file.lastPathComponent)
            for number in 0..<copies {
                report(original.changed(using: &random), "changed copy \(number) of \(file.lastPathComponent)")
            }
        }
    }

    /// Reads bytes, and records what does not hold.
    private func report(_ bytes: [UInt8], _ name: String) {
        do { try check(bytes) } catch { Issue.record(error, "\(name): \(bytes)") }
    }
}

extension [UInt8] {
    /// A copy with some bytes changed, removed, repeated or added.
    fileprivate func changed(using random: inout SplitMix64) -> Self {
        var copy = self
        for _ in 0...Int.random(in: 0..<4, using: &random) {
            let start = Int.random(in: 0...copy.count, using: &random)
            let end = Swift.min(copy.count, start + Int.random(in: 1...8, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: copy.removeSubrange(start...)
            case 1: copy.removeSubrange(start..<end)
            case 2: copy.insert(contentsOf: copy[start..<end], at: start)
            case 3: copy.insert(.random(in: 0...255, using: &random), at: start)
            default: for place in start..<end { copy[place] = .random(in: 0...255, using: &random) }
            }
        }
        return copy
    }
}
