/// The lines that the nodes of a document begin in, in the form of the nodes: where these do not tell their lines.
package struct Lines {
    /// The line of the node, counted from 1.
    package let line: Int

    /// Those of a list's elements, or of an object's values.
    package var inside: [Lines] = []

    package init(line: Int, inside: [Lines] = []) {
        self.line = line
        self.inside = inside
    }
}
