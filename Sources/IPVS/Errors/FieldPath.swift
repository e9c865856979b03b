extension IPVSError {
    /// Where a value stands in a model, by the names under which it is coded: `persistence.timeout` of a
    /// ``VirtualServer``, `forwarding.tunnel.port` of a ``RealServer``.
    ///
    /// It leads to the same place in a file that holds the model.
    public struct FieldPath: Hashable, Sendable {
        /// The coding keys, from the outermost on.
        public let keys: [String]
    }
}

extension IPVSError.FieldPath: ExpressibleByStringLiteral {
    /// The keys of a text with dots between them, to compare with: `error.field == "persistence.timeout"`.
    public init(stringLiteral text: String) {
        keys = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }
}

extension IPVSError.FieldPath: CustomStringConvertible {
    /// The keys with dots between them.
    public var description: String { keys.joined(separator: ".") }
}

/// A field of a model: where it stands, and what a sentence calls it.
struct Field: Hashable {
    let path: IPVSError.FieldPath
    let name: String

    /// The field that coding keys lead to. Its name is made of theirs, `persistence timeout`, unless people have another
    /// one for it.
    init(_ keys: any CodingKey..., name: String? = nil) {
        path = IPVSError.FieldPath(keys: keys.map(\.stringValue))
        self.name = name ?? path.keys.map(\.inWords).joined(separator: " ")
    }
}

extension String {
    /// The words of a name in camel case: `lower threshold`. An abbreviation keeps its capitals.
    fileprivate var inWords: String {
        var words: [String] = [""]
        for (letter, next) in zip(self, dropFirst().map(Optional.some) + [nil]) {
            let startsWord = letter.isUppercase && (words.last?.last?.isUppercase == false || next?.isLowercase == true)
            if startsWord, words.last?.isEmpty == false { words.append("") }
            words[words.count - 1].append(letter)
        }
        return words.map { $0.dropFirst().contains(where: \.isUppercase) ? $0 : $0.lowercased() }.joined(separator: " ")
    }
}
