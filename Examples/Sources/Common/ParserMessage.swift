import Glibc

/// The messages of the parser of command lines.
package enum ParserMessage {
    /// Prints a message, and returns the exit status: 0 for help, and 2 for an error.
    ///
    /// The parser repeats words as they are, which may have line breaks and be as long as a file.
    package static func report(_ message: String, _ words: [String], isError: Bool) -> Int32 {
        guard isError else {
            Console.print(message)
            return 0
        }
        Console.report(clean(message, words))
        return 2
    }

    static func clean(_ message: String, _ words: [String]) -> String {
        // In --option=value, the value is a word too.
        let parts = words + words.flatMap { $0.split(separator: "=").map(String.init) }
        let unclean = Set(parts).filter { $0.abbreviated != $0 }.sorted { $0.utf8.count > $1.utf8.count }
        return unclean.reduce(message) { $0.replacing($1, with: $1.abbreviated) }
    }
}
