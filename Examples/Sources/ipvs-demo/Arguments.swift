/// The words of a command line, taken one by one.
struct Arguments {
    private var words: ArraySlice<String>

    init(_ words: some Sequence<String>) { self.words = ArraySlice(words) }

    /// The next word as a value: the library's values read the text that they print.
    mutating func next<Value: LosslessStringConvertible>(_ name: String) throws(Problem) -> Value {
        guard let word = words.popFirst() else { throw Problem("the \(name) is missing; see --help") }
        guard let value = Value(word) else { throw Problem("\"\(word)\" is not a \(name); see --help") }
        return value
    }

    /// All words that are left as values of one kind.
    mutating func rest<Value: LosslessStringConvertible>(_ name: String) throws(Problem) -> [Value] {
        var values: [Value] = []
        while !words.isEmpty { values.append(try next(name)) }
        return values
    }

    func end() throws(Problem) {
        if let word = words.first { throw Problem("\"\(word)\" is one word too many; see --help") }
    }
}

/// What this program itself finds wrong, in words.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
