import VisibleText

/// The first error in what libnftables writes about a script.
///
///     <cmdline>:2:1-24: Error: Could not process rule: No such file or directory
///     10.0.0.1 . tcp . 80,
///     ^^^^^^^^^^^^^^^^^^^
struct LibraryMessage: Equatable {
    /// The reason.
    let reason: String

    /// What was refused: the marked part of a line of the script; nil if no part is marked.
    let refused: String?

    init(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        guard let place = lines.firstIndex(where: { $0.contains(Self.sign) }), let start = lines[place].find(Self.sign)
        else {
            (reason, refused) = (lines.first.map(String.init) ?? "no reason given", nil)
            return
        }
        var reason = String(lines[place][start...])
        // The library's words for all errors of the kernel.
        if reason.hasPrefix(Self.kernels) { reason.removeFirst(Self.kernels.count) }
        self.reason = reason
        // Without a position, the line is not the right one.
        guard !lines[place].hasPrefix(Self.sign), place + 2 < lines.count, lines[place + 2].contains("^") else {
            refused = nil
            return
        }
        let (line, marks) = (Array(lines[place + 1].utf8), Array(lines[place + 2].utf8))
        let marked = marks.indices.filter { $0 < line.count && marks[$0] != 0x20 && marks[$0] != 0x09 }
        let part = marked.first.flatMap { first in marked.last.map { line[first...$0] } }
        let kept = part.map { String(decoding: $0, as: UTF8.self) } ?? String(lines[place + 1])
        refused = kept.hasSuffix(",") ? String(kept.dropLast()) : kept
    }

    private static let sign = "Error: "
    private static let kernels = "Could not process rule: "
}

extension LibraryMessage: CustomStringConvertible {
    /// The half of a sentence: `"10.0.0.1 . tcp . 80": No such file or directory`.
    var description: String {
        let reason = reason.visible(upTo: 200)
        return refused.map { "\"\($0.visible(upTo: 160))\": \(reason)" } ?? reason
    }
}

extension Substring {
    /// Where the text behind another one begins.
    fileprivate func find(_ other: String) -> Index? {
        var rest = self
        while !rest.isEmpty {
            if rest.hasPrefix(other) { return rest.index(rest.startIndex, offsetBy: other.count) }
            rest = rest.dropFirst()
        }
        return nil
    }
}
