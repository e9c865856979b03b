import Foundation
import IPVSTestKernel

/// A line of `Fixtures/lines.txt`.
struct DifferentialLine: CustomStringConvertible {
    /// What can differ.
    enum Aspect: String {
        case status, table, output
    }

    let number: Int
    let text: String
    let words: [String]
    let input: String

    /// The results in which the line differs intentionally.
    let differences: Set<Aspect>

    /// A command for both namespaces instead of a line for the programs.
    let command: String?

    var description: String { "line \(number): \(text)" }

    /// Whether it only reads.
    var isListing: Bool {
        guard let word = words.first else { return true }
        return ["-L", "-l", "-S", "--list", "--save"].contains { word.hasPrefix($0) }
    }

    static func all() throws -> [DifferentialLine] {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/lines.txt")
        var lines: [DifferentialLine] = []
        var differences: Set<Aspect> = []
        for (index, text) in try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n").enumerated() {
            if text.isEmpty || text.hasPrefix("#") { continue }
            if text.hasPrefix("~") {
                let name = text.dropFirst().prefix { $0 != " " }
                guard let aspect = Aspect(rawValue: String(name)) else {
                    throw TestFailure("line \(index + 1): \(text)")
                }
                differences.insert(aspect)
                continue
            }
            lines.append(DifferentialLine(number: index + 1, text: text, differences: differences))
            differences = []
        }
        return lines
    }

    private init(number: Int, text: String, differences: Set<Aspect>) {
        self.number = number
        self.text = text
        self.differences = differences
        command = text.hasPrefix("! ") ? String(text.dropFirst(2)) : nil
        let parts = text.components(separatedBy: " << ")
        words = parts[0].split(separator: " ").map { $0 == "''" ? "" : String($0) }
        let escapes = ["\\n": "\n", "\\t": "\t", "\\r": "\r"]
        input = escapes.reduce(parts.dropFirst().first ?? "") { $0.replacingOccurrences(of: $1.key, with: $1.value) }
    }

    /// A random line.
    init(number: Int, words: [String]) {
        self.number = number
        self.words = words
        text = words.map { $0.isEmpty ? "''" : $0 }.joined(separator: " ")
        input = ""
        differences = []
        command = nil
    }
}
