/// The line numbers of a document's nodes, in the structure of the nodes, for nodes without line numbers.
struct Lines {
    /// The line number of the node, starting with 1.
    let line: Int

    /// The lines of a list's elements, or of an object's values.
    var inside: [Lines] = []
}
