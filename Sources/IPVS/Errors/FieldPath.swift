extension IPVSError {
    /// The path of a value in a model, made of coding keys: `persistence.timeout` in a ``VirtualServer``,
    /// `forwarding.tunnel.port` in a ``RealServer``.
    ///
    /// It is the value's path in a file that encodes the model, too.
    public struct FieldPath: Hashable, Sendable {
        /// The string values of the coding keys, the outermost first.
        public let keys: [String]
    }
}

extension IPVSError.FieldPath: ExpressibleByStringLiteral {
    /// Creates a path of keys separated by dots, to compare with: `error.field == "persistence.timeout"`.
    public init(stringLiteral text: String) {
        keys = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }
}

extension IPVSError.FieldPath: CustomStringConvertible {
    /// The keys, separated by dots.
    public var description: String { keys.joined(separator: ".") }
}

/// A field of a model: its path, and its name in sentences.
struct Field: Hashable {
    let path: IPVSError.FieldPath
    let name: String

    /// The field at a path of coding keys. Its name is made of the keys, such as `persistence timeout`, unless another one
    /// is customary.
    init(_ keys: any CodingKey..., name: String? = nil) {
        path = IPVSError.FieldPath(keys: keys.map(\.stringValue))
        self.name = name ?? path.keys.map(\.inWords).joined(separator: " ")
    }
}

extension String {
    /// The words of a name in camel case, such as `lower threshold`. Acronyms stay in uppercase.
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
