import Foundation

/// The page `Changing.md`, as what a reader does.
struct ChangingPage {
    /// What a reader does at a time.
    enum Step {
        /// A command, and what the page shows of its output.
        case command(String, output: [Substring], line: Int)

        /// A file with this text.
        case file(String, text: String)
    }

    /// The steps below each heading of the second level that has some, in their order.
    private(set) var sections: [(title: String, steps: [Step])] = []

    init() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Manual/Changing.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var title = ""
        var index = 0
        while index < lines.count {
            defer { index += 1 }
            if lines[index].hasPrefix("## ") { title = String(lines[index].dropFirst(3)) }
            // In a list, a block is indented.
            let indentation = lines[index].prefix { $0 == " " }
            guard lines[index].hasPrefix("\(indentation)```") else { continue }
            let start = index + 1
            let end = lines[start...].firstIndex(of: "\(indentation)```") ?? lines.endIndex
            var block = lines[..<end]
            for line in start..<end { block[line] = block[line].dropFirst(indentation.count) }
            let steps = Self.steps(in: block[start...])
            if sections.last?.title != title { sections.append((title, [])) }
            sections[sections.count - 1].steps += steps
            index = end
        }
    }

    /// The steps of a block: a file, whose first line is a comment with its path, or commands behind prompts.
    private static func steps(in block: ArraySlice<Substring>) -> [Step] {
        if let first = block.first, first.hasPrefix("# /"), !first.contains(" --") {
            return [.file(String(first.dropFirst(2)), text: block.joined(separator: "\n") + "\n")]
        }
        var steps: [Step] = []
        var rest = block
        while let first = rest.popFirst() {
            let line = rest.startIndex
            guard first.hasPrefix("$ ") || first.hasPrefix("# ") else {
                steps.append(.command("false \(first) # neither a command nor its output", output: [], line: line))
                continue
            }
            var command = String(first.dropFirst(2))
            while command.hasSuffix("\\"), let next = rest.popFirst() { command += "\n\(next)" }
            let output = rest.prefix { !$0.hasPrefix("$ ") && !$0.hasPrefix("# ") }
            rest = rest.dropFirst(output.count)
            steps.append(.command(command, output: Array(output), line: line))
        }
        return steps
    }

    /// Whether output is what the page shows. There, `…` stands for any text, and alone on a line for any lines.
    static func shows(_ shown: ArraySlice<Substring>, _ output: ArraySlice<Substring>) -> Bool {
        guard let first = shown.first else { return output.isEmpty }
        if first == "…" {
            return (output.startIndex...output.endIndex).contains { shows(shown.dropFirst(), output[$0...]) }
        }
        guard let line = output.first, isLike(line, first) else { return false }
        return shows(shown.dropFirst(), output.dropFirst())
    }

    private static func isLike(_ line: Substring, _ pattern: Substring) -> Bool {
        let parts = pattern.split(separator: "…", omittingEmptySubsequences: false)
        guard parts.count > 1, let first = parts.first, let last = parts.last else { return line == pattern }
        guard line.hasPrefix(first), line.dropFirst(first.count).hasSuffix(last) else { return false }
        var rest = line.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }
}
