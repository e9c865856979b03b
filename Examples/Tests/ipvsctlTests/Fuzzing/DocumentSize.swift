import Yams

/// How large a document is when all of its aliases are replaced by what they stand for.
struct DocumentSize {
    /// The number of values, including the names of fields.
    private(set) var values = 0

    /// How deep lists and objects are inside each other.
    private(set) var depth = 0

    init(_ root: Node) { add(root, depth: 0) }

    private mutating func add(_ node: Node, depth: Int) {
        values += 1
        switch node {
        case .scalar, .alias: break
        case .sequence(let elements):
            self.depth = max(self.depth, depth + 1)
            for element in elements { add(element, depth: depth + 1) }
        case .mapping(let fields):
            self.depth = max(self.depth, depth + 1)
            for (key, value) in fields {
                add(key, depth: depth + 1)
                add(value, depth: depth + 1)
            }
        }
    }
}
