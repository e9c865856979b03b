/// What a document may have at most: far more than the largest tables and manifests, and less than memory or the stack
/// can hold.
package enum DocumentLimits {
    /// The size of a file.
    package static let bytes = 128 << 20

    /// The values in a file, including the names of fields.
    package static let values = 10_000_000

    /// The values that the aliases in a YAML file stand for, in addition to those that are written.
    package static let aliasedValues = 100_000

    /// How deep lists and objects can be inside each other.
    package static let depth = 100
}

extension FileError {
    static func tooManyValues(line: Int) -> FileError {
        FileError(line: line, reason: "a file can have at most \(DocumentLimits.values) values, and this one has more")
    }

    static func tooDeep(line: Int) -> FileError {
        FileError(
            line: line,
            reason: "lists and objects can be at most \(DocumentLimits.depth) deep inside each other"
        )
    }

    static func tooManyAliasedValues(line: Int) -> FileError {
        FileError(
            line: line,
            reason:
                "aliases can stand for at most \(DocumentLimits.aliasedValues) values, and those up to here stand for more"
        )
    }
}
