import Common

/// The words of a command line, taken one by one.
struct Arguments {
    private var words: ArraySlice<String>

    init(_ words: some Sequence<String>) { self.words = ArraySlice(words) }

    /// The next word as a value. The library's values can be read from their descriptions.
    mutating func next<Value: LosslessStringConvertible>(_ name: String) throws(Problem) -> Value {
        guard let word = words.popFirst() else { throw Problem("the \(name) is missing; see --help") }
        guard let value = Value(word) else { throw Problem("\(word.quoted) is not a \(name); see --help") }
        return value
    }

    /// The remaining words as values of one type.
    mutating func rest<Value: LosslessStringConvertible>(_ name: String) throws(Problem) -> [Value] {
        var values: [Value] = []
        while !words.isEmpty { values.append(try next(name)) }
        return values
    }

    func end() throws(Problem) {
        if let word = words.first { throw Problem("\(word.quoted) is one word too many; see --help") }
    }
}

/// An error that this program reports itself.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
