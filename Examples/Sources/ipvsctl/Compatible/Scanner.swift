import Common

extension Compatible {
    /// Splits the words of a line into options with their values, and other arguments.
    ///
    /// Letters can share a word (`-Ln`), the last of them with a value (`-p300`, `-p=300`, `-p 300`); a long option's
    /// value follows it (`--persistent 300`, `--persistent=300`). After `--` all are arguments. Long options can't be
    /// shortened.
    struct Scanner {
        /// An option on the line.
        struct Occurrence {
            let option: Option
            let value: String?
        }

        private let dialect: Dialect
        private var words: ArraySlice<String>
        // The remaining letters of a word.
        private var letters = Substring.UnicodeScalarView()
        private var takesOptions = true

        /// The arguments so far.
        private(set) var arguments: [String] = []

        init(_ words: [String], _ dialect: Dialect) {
            self.words = words[...]
            self.dialect = dialect
        }

        /// The next option, or nil at the end of the line.
        mutating func next() throws(UsageError) -> Occurrence? {
            while letters.isEmpty {
                guard let word = words.popFirst() else { return nil }
                if !takesOptions || !word.utf8.starts(with: "-".utf8) || word == "-" {
                    arguments.append(word)
                } else if word == "--" {
                    takesOptions = false
                } else if word.utf8.starts(with: "--".utf8) {
                    // A mark behind a hyphen or an equals sign is one character with it.
                    return try long(Substring(word.utf8.dropFirst(2)))
                } else {
                    letters = word.unicodeScalars.dropFirst()
                }
            }
            return try short()
        }

        private mutating func long(_ text: Substring) throws(UsageError) -> Occurrence {
            let name = text[..<(text.utf8.firstIndex(of: UInt8(ascii: "=")) ?? text.endIndex)]
            guard let option = Option(longName: String(name)) else { throw .unknownOption("--\(name)") }
            let value =
                name.endIndex == text.endIndex ? nil : String(Substring(text[name.endIndex...].utf8.dropFirst()))
            if option.value == .none {
                guard value == nil else { throw .unwantedValue(option) }
                return Occurrence(option: option, value: nil)
            }
            guard let value else { return Occurrence(option: option, value: try following(option)) }
            return Occurrence(option: option, value: value)
        }

        private mutating func short() throws(UsageError) -> Occurrence {
            let letter = letters.removeFirst()
            guard let option = Option(letter: letter) else { throw .unknownOption("-\(letter)") }
            if option.value == .none {
                guard letters.first != "=" else { throw .unwantedValue(option) }
                return Occurrence(option: option, value: nil)
            }
            guard let first = letters.first else { return Occurrence(option: option, value: try following(option)) }
            let value = String(first == "=" ? letters.dropFirst() : letters)
            letters.removeAll()
            return Occurrence(option: option, value: value)
        }

        /// The next word as an option's value. A value that may be missing does not begin with a hyphen.
        private mutating func following(_ option: Option) throws(UsageError) -> String? {
            guard option.value == .optional else {
                if let word = words.popFirst() { return word }
                // ipvsadm -S can name the first two flags of some schedulers, and writes nothing for the third.
                guard dialect == .saved, option == .schedulerFlags else { throw .missingValue(option) }
                return nil
            }
            guard let word = words.first, !word.utf8.starts(with: "-".utf8) else { return nil }
            words.removeFirst()
            return word
        }
    }
}

extension Compatible {
    /// An invalid line, with the reason as a sentence. Nothing was done.
    struct UsageError: Error, Hashable, CustomStringConvertible {
        let description: String

        /// Whether `-R` reads no further after such a line. It does after one with an option that does not exist, or
        /// without its value; that is ipvsadm's rule.
        let endsRestoring: Bool

        init(_ description: String, endsRestoring: Bool = true) {
            self.description = description
            self.endsRestoring = endsRestoring
        }

        static func unknownOption(_ name: String) -> UsageError {
            UsageError("there is no option \(name.abbreviated)", endsRestoring: false)
        }

        static func missingValue(_ option: Option) -> UsageError {
            UsageError("\(option.name) needs a value", endsRestoring: false)
        }

        static func exclusive(_ one: Option, _ other: Option) -> UsageError {
            UsageError("\(one.name) and \(other.name) exclude each other")
        }

        static func unwantedValue(_ option: Option) -> UsageError {
            UsageError("\(option.name) takes no value", endsRestoring: false)
        }
    }
}
