package import Yams

/// A node of a document, and the way to it from the document's root.
package struct Place {
    package let node: Node
    package private(set) var path = ""

    /// The line that the node begins in.
    package var line: Int? { node.mark?.line }

    package init(root: Node) { node = root }

    private init(node: Node, path: String) {
        self.node = node
        self.path = path
    }

    /// The path of a field in this node, which need not be there.
    package func path(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// The field of a name, if this is an object that has it.
    package subscript(name: String) -> Place? {
        node.mapping?.first { $0.key.string == name }.map { Place(node: $0.value, path: path(of: name)) }
    }

    /// The elements, if this is a list.
    package var elements: [Place] {
        guard let sequence = node.sequence else { return [] }
        return sequence.enumerated().map { Place(node: $1, path: "\(path)[\($0)]") }
    }

    /// The place at the end of a way down from here, or as near to it as there is one.
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
