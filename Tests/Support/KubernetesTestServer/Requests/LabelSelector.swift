/// Which labels objects must have, as in the query parameter `labelSelector`.
struct LabelSelector: Hashable, Sendable {
    private var requirements: [Requirement] = []

    private enum Requirement: Hashable {
        case exists(String)
        case doesNotExist(String)
        case isOne(String, of: Set<String>)
        case isNone(String, of: Set<String>)
    }

    /// Whether all objects meet the conditions.
    var isEmpty: Bool { requirements.isEmpty }

    /// Reads a selector, such as `app=web,tier in (a, b),!legacy`.
    ///
    /// - Throws: ``APIStatus`` if the text is not a selector.
    init(_ text: String) throws {
        var rest = text[...]
        rest.skipSpaces()
        while !rest.isEmpty {
            requirements.append(try Self.requirement(from: &rest))
            rest.skipSpaces()
            guard !rest.isEmpty else { break }
            guard rest.skip(",") else { throw Self.failure("found '\(rest)', expected: ',' or 'end of string'") }
            rest.skipSpaces()
            guard !rest.isEmpty else { throw Self.failure("found '', expected: identifier after ','") }
        }
    }

    func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy {
            switch $0 {
            case .exists(let key): labels[key] != nil
            case .doesNotExist(let key): labels[key] == nil
            case .isOne(let key, let values): labels[key].map(values.contains) ?? false
            case .isNone(let key, let values): labels[key].map { !values.contains($0) } ?? true
            }
        }
    }

    private static func requirement(from rest: inout Substring) throws -> Requirement {
        if rest.skip("!") {
            rest.skipSpaces()
            return .doesNotExist(try identifier(from: &rest))
        }
        let key = try identifier(from: &rest)
        rest.skipSpaces()
        if rest.skip("!=") { return .isNone(key, of: [try value(from: &rest)]) }
        if rest.skip("==") || rest.skip("=") { return .isOne(key, of: [try value(from: &rest)]) }
        guard !rest.isEmpty, !rest.hasPrefix(",") else { return .exists(key) }
        switch try identifier(from: &rest) {
        case "in": return .isOne(key, of: try values(from: &rest))
        case "notin": return .isNone(key, of: try values(from: &rest))
        case let other: throw failure("found '\(other)', expected: in, notin, =, ==, !=, gt, lt")
        }
    }

    private static func identifier(from rest: inout Substring) throws -> String {
        let identifier = rest.takeWord()
        guard !identifier.isEmpty else { throw failure("found '\(rest.prefix(1))', expected: identifier") }
        return identifier
    }

    private static func value(from rest: inout Substring) throws -> String {
        rest.skipSpaces()
        let value = rest.takeWord()
        guard rest.isEmpty || rest.hasPrefix(",") || rest.hasPrefix(" ") else {
            throw failure("found '\(rest.prefix(1))', expected: identifier")
        }
        return value
    }

    private static func values(from rest: inout Substring) throws -> Set<String> {
        rest.skipSpaces()
        guard rest.skip("("), let end = rest.firstIndex(of: ")") else {
            throw failure("found '\(rest)', expected: '(' and ')'")
        }
        defer { rest = rest[end...].dropFirst() }
        return Set(rest[..<end].split(separator: ",").map { $0.filter { $0 != " " } })
    }

    private static func failure(_ reason: String) -> APIStatus { .badRequest("unable to parse requirement: \(reason)") }
}

extension Substring {
    fileprivate mutating func skipSpaces() { self = drop { $0 == " " } }

    fileprivate mutating func skip(_ prefix: String) -> Bool {
        guard hasPrefix(prefix) else { return false }
        self = dropFirst(prefix.count)
        return true
    }

    fileprivate mutating func takeWord() -> String {
        let word = prefix { $0.isLetter || $0.isNumber || "-_./".contains($0) }
        self = dropFirst(word.count)
        return String(word)
    }
}
