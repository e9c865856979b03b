/// The lines that the nodes of a document begin in, in the form of the nodes: where these do not tell their lines.
struct Lines {
    /// The line of the node, counted from 1.
    let line: Int

    /// Those of a list's elements, or of an object's values.
    var inside: [Lines] = []
}
