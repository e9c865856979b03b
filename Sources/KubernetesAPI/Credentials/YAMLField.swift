import VisibleText
import Yams

/// A value in a YAML document, with what messages need to name it.
struct YAMLField: Sendable {
    enum Value: Sendable {
        case null
        case string(String)
        case bool(Bool)
        case number(String)
        case sequence([YAMLField])
        case mapping([(key: String, value: YAMLField)])
    }

    let value: Value
    let file: String

    /// The path of the field, such as `clusters[0].cluster.server`; empty for the document.
    let path: String

    private let line: Int?

    /// The root of the only document of a text. It is null if the text has no document.
    init(_ text: String, file: String) throws(ClientConfigurationError) {
        let root: Node
        do {
            root = try Yams.compose(yaml: text) ?? Node("", Tag(.null))
        } catch let error as YamlError {
            throw Self.error(error, file: file)
        } catch {
            throw ClientConfigurationError("\(file): is not YAML")
        }
        var budget = Self.maximumCount
        try self.init(root, file: file, path: "", depth: 0, &budget)
    }

    /// The numbers of values in values and of all values that a document can have. An alias counts as all that it stands for.
    private static let (maximumDepth, maximumCount) = (100, 1_000_000)

    private init(
        _ node: Node,
        file: String,
        path: String,
        depth: Int,
        _ budget: inout Int
    ) throws(ClientConfigurationError) {
        self.file = file
        self.path = path
        line = node.mark?.line
        budget -= 1
        guard budget >= 0, depth <= Self.maximumDepth else {
            throw ClientConfigurationError(
                "\(file): has more than \(Self.maximumCount) values, or values that are nested more than "
                    + "\(Self.maximumDepth) times; aliases count as what they stand for"
            )
        }
        switch node {
        case .sequence(let items):
            var fields: [YAMLField] = []
            for (index, item) in items.enumerated() {
                let path = "\(path)[\(index)]"
                fields.append(try YAMLField(item, file: file, path: path, depth: depth + 1, &budget))
            }
            value = .sequence(fields)
        case .mapping(let entries):
            var fields: [(key: String, value: YAMLField)] = []
            for (key, item) in entries {
                guard let key = key.scalar?.string else { continue }
                let name = key.visible(upTo: 100)
                let path = path.isEmpty ? name : "\(path).\(name)"
                fields.append((key, try YAMLField(item, file: file, path: path, depth: depth + 1, &budget)))
            }
            value = .mapping(fields)
        case .scalar(let scalar): value = Self.scalar(scalar, node)
        case .alias: value = .null
        }
    }

    private static func scalar(_ scalar: Node.Scalar, _ node: Node) -> Value {
        switch node.tag.description {
        case Tag.Name.null.rawValue: .null
        case Tag.Name.bool.rawValue: .bool(node.bool ?? false)
        case Tag.Name.int.rawValue, Tag.Name.float.rawValue: .number(scalar.string)
        default: .string(scalar.string)
        }
    }

    /// What is wrong with YAML, without the text around it, which may have secrets.
    private static func error(_ error: YamlError, file: String) -> ClientConfigurationError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ClientConfigurationError("\(file):\(mark.line): is not YAML: \(problem)")
        case .duplicatedKeysInMapping(_, let context):
            ClientConfigurationError("\(file):\(context.mark.line): has a key twice in a mapping")
        default: ClientConfigurationError("\(file): is not YAML")
        }
    }
}

extension YAMLField {
    /// Where the field is: `FILE:LINE: FIELD`.
    var place: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return path.isEmpty ? place : "\(place): \(path)"
    }

    /// An error of the field. The reason must not have the value, which may be a secret.
    func error(_ reason: String) -> ClientConfigurationError { ClientConfigurationError("\(place): \(reason)") }

    /// The keys of a mapping, with their values.
    func entries() throws(ClientConfigurationError) -> [(key: String, value: YAMLField)] {
        guard case .mapping(let entries) = value else { throw error("must be a mapping") }
        return entries
    }

    /// A field of a mapping; nil if it is absent or null.
    func field(_ name: String) throws(ClientConfigurationError) -> YAMLField? {
        guard let field = try entries().first(where: { $0.key == name })?.value else { return nil }
        if case .null = field.value { return nil }
        return field
    }

    /// The items of a sequence.
    func items() throws(ClientConfigurationError) -> [YAMLField] {
        guard case .sequence(let items) = value else { throw error("must be a sequence") }
        return items
    }

    /// The text of a string. A number or a truth value is not one, unless it is quoted.
    func string() throws(ClientConfigurationError) -> String {
        guard case .string(let text) = value else { throw error("must be a string") }
        return text
    }

    /// The text of a field; nil if it is absent, null or empty, which is the same to Kubernetes.
    func text(_ name: String) throws(ClientConfigurationError) -> String? {
        guard let text = try field(name)?.string(), !text.isEmpty else { return nil }
        return text
    }

    /// The truth value of a field; false if it is absent.
    func flag(_ name: String) throws(ClientConfigurationError) -> Bool {
        guard let field = try field(name) else { return false }
        guard case .bool(let value) = field.value else { throw field.error("must be true or false") }
        return value
    }

    /// The items of a field; empty if it is absent.
    func list(_ name: String) throws(ClientConfigurationError) -> [YAMLField] { try field(name)?.items() ?? [] }

    /// The texts of a field that is a sequence of strings; empty if it is absent.
    func texts(_ name: String) throws(ClientConfigurationError) -> [String] {
        var texts: [String] = []
        for item in try list(name) { texts.append(try item.string()) }
        return texts
    }
}
