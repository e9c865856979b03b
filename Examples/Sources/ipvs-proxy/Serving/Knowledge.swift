/// What the proxy knows of one kind of an API server's objects, and how old that is.
struct Knowledge: Hashable, Sendable {
    /// The resource, such as `services`.
    let resource: String

    /// The time since the server last showed that it is there; nil if it never has.
    let age: Duration?

    /// How many objects are known.
    let objectCount: Int

    /// Whether a whole list was received once.
    let isSynced: Bool

    /// A part of the answer of a health page.
    var json: String {
        let age = age.map { "\(max($0, .zero) / .seconds(1))" } ?? "null"
        return "\"\(resource)\": {\"synced\": \(isSynced),\"objects\": \(objectCount),\"secondsSinceContact\": \(age)}"
    }
}
