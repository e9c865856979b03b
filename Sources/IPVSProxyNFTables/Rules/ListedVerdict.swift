/// What a rule, as nft lists it, does to all packets of connections that were begun before.
enum ListedVerdict: Equatable {
    case accept
    case drop
    case jump(String)
    case goto(String)
    /// Back to the chain that jumped here.
    case back

    /// The verdict of a line; nil if it is no rule, or decides nothing, or only for some of these packets.
    init?(line: Substring) {
        var words = line.words
        if words.starts(with: ["ct", "state"]) {
            words.removeFirst(2)
            if words.first == "vmap" {
                guard let state = words.firstIndex(of: "established"), words[state...].dropFirst().first == ":" else {
                    return nil
                }
                words.removeSubrange(...(state + 1))
                // The other states' verdicts follow.
                words = Array(words.prefix(["jump", "goto"].contains(words.first) ? 2 : 1))
            } else {
                let states = words.prefix { Self.states.contains($0) }
                guard states.contains("established") else { return nil }
                words.removeFirst(states.count)
            }
        }
        switch (words.first, words.count) {
        case ("accept", 1): self = .accept
        // Behind a rejection is what is answered.
        case ("drop", 1), ("reject", _): self = .drop
        case ("jump", 2): self = .jump(words[1])
        case ("goto", 2): self = .goto(words[1])
        case ("return", 1): self = .back
        default: return nil
        }
    }

    private static let states: Set<String> = ["established", "related", "new", "invalid", "untracked", "{", "}"]
}

extension Substring {
    /// The words of a rule, without those that decide nothing: comments and counters.
    fileprivate var words: [String] {
        // Every other part is a quoted text.
        let parts = split(separator: "\"", omittingEmptySubsequences: false).enumerated()
        var words = parts.flatMap { index, part in
            index.isMultiple(of: 2) ? part.split(whereSeparator: { " \t,".contains($0) }).map(String.init) : ["\"\""]
        }
        if let comment = words.firstIndex(where: { ["comment", "#"].contains($0) }) {
            words.removeSubrange(comment...)
        }
        while let counter = words.firstIndex(of: "counter") {
            let behind = words[counter...].dropFirst().first
            let length = behind == "packets" ? 5 : behind == "name" ? 3 : 1
            words.removeSubrange(counter..<Swift.min(words.count, counter + length))
        }
        return words
    }
}
