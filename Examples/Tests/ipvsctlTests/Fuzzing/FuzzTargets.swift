import Common
import IPVSFuzzing
import Testing

/// What files and command lines say, whatever it is.
@Suite struct FuzzTargets {
    private static let all: [FuzzTarget] = [.saveForm, .tableFiles, .ipvsadmArguments]

    @Test(arguments: all) func corpus(target: FuzzTarget) throws {
        try target.checkCorpus()
    }
}

/// Throws a failure if a sentence is empty, or has what confuses a terminal.
func holdIsSentence(_ text: String) throws {
    let isClean = text.visible(upTo: .max) == text
    try hold(!text.isEmpty && isClean, "a sentence is empty or has control characters: \(text.debugDescription)")
}

/// How many lines a text has at most: YAML has more ends of lines than others.
func lineCount(_ text: String) -> Int {
    1 + text.unicodeScalars.count { ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains($0) }
}
