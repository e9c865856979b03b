package import Yams

/// A node of a document, and its path from the root.
package struct Place {
    package let node: Node
    package private(set) var path = ""

    // Only for JSON documents: nodes of Yams have their own line numbers.
    private let lines: Lines?

    // The mark of a value that is missing at the end can be behind the text.
    private var lastLine = Int.max

    /// The line number of the node.
    package var line: Int? { lines?.line ?? node.mark.map { min($0.line, lastLine) } }

    /// The root of a document that Yams has read, in a text with a number of lines.
    package init(root: Node, lastLine: Int = .max) {
        self.init(root: root, nil)
        self.lastLine = lastLine
    }

    init(root: Node, _ lines: Lines?) { self.init(node: root, path: "", lines) }

    private init(node: Node, path: String, _ lines: Lines?) {
        self.node = node
        self.path = path
        self.lines = lines
    }

    /// A node in this one.
    private func inner(_ node: Node, _ path: String, _ index: Int) -> Place {
        var place = Place(node: node, path: path, lines?.inside[index])
        place.lastLine = lastLine
        return place
    }

    /// The path of a field in this node, even if it doesn't exist.
    package func path(of name: String) -> String { Self.path(path, name) }

    /// The path of a field in the node at a path.
    package static func path(_ path: String, _ name: String) -> String {
        // A path is only for messages, and there is one for each value.
        let name = name.isEmpty ? "\"\"" : name.abbreviated
        return path.isEmpty ? name : "\(path).\(name)"
    }

    /// The field with a name, if this is an object that has it.
    package subscript(name: String) -> Place? {
        guard let (index, field) = node.mapping?.enumerated().first(where: { $1.key.string == name }) else {
            return nil
        }
        return inner(field.value, path(of: name), index)
    }

    /// The fields, if this is an object.
    package var fields: [(key: Node, value: Place)] {
        guard let mapping = node.mapping else { return [] }
        return mapping.enumerated().map { index, field in
            let path = path(of: field.key.string ?? "?")
            return (field.key, inner(field.value, path, index))
        }
    }

    /// The elements, if this is a list.
    package var elements: [Place] {
        guard let sequence = node.sequence else { return [] }
        return sequence.enumerated().map { inner($1, "\(path)[\($0)]", $0) }
    }

    /// The place at the end of a path from here, or its nearest existing ancestor.
    package func nearest(_ way: some Sequence<any CodingKey>) -> Place {
        var place = self
        for key in way {
            let next: Place?
            if let index = key.intValue {
                next = place.elements.indices.contains(index) ? place.elements[index] : nil
            } else {
                next = place[key.stringValue]
            }
            guard let next else { break }
            place = next
        }
        return place
    }

    /// An error about the node.
    package func error(_ reason: String) -> FileError {
        FileError(line: line, field: path.isEmpty ? nil : path, reason: reason)
    }
}
