import Common
import IPVSFuzzing
import Testing

/// What files and the kernel say, whatever it is.
@Suite struct FuzzTargets {
    private static let all: [FuzzTarget] = [.manifests, .configuration, .durations, .inotifyEvents]

    @Test(arguments: all) func corpus(target: FuzzTarget) throws {
        try target.checkCorpus()
    }
}

/// The text that bytes are; nil if a file with them is refused before anything in it is read.
func fileText(_ bytes: [UInt8]) -> String? {
    // What is refused has no text.
    (try? TextStart.check(bytes[...])).flatMap { String(validating: $0, as: UTF8.self) }
}

/// Throws a failure unless errors have lines that are in a text, and are sentences. Only an empty file needs no line.
func holdArePlaced(_ errors: [FileError], in text: String) throws {
    guard !errors.isEmpty else { return }
    // YAML has more ends of lines than others.
    let ends = text.unicodeScalars.count { ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains($0) }
    for error in errors {
        let isPlaced = error.line.map((1...ends + 1).contains) ?? error.reason.hasPrefix("is empty")
        try hold(isPlaced, "an error has no line, or there is no such line: \(error)")
        let text = error.text(in: "FILE")
        try hold(text.visible(upTo: .max) == text, "an error has control characters: \(text.debugDescription)")
    }
}
