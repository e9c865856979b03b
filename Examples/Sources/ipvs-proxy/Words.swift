extension [String] {
    /// The words as a list in a sentence: `a, b or c`.
    func listed(_ conjunction: String) -> String {
        guard let last, count > 1 else { return joined() }
        return "\(dropLast().joined(separator: ", ")) \(conjunction) \(last)"
    }
}

extension Int {
    /// The number with a noun: `1 service`, `2 services`.
    func counted(_ thing: String, _ things: String? = nil) -> String {
        "\(self) \(self == 1 ? thing : things ?? "\(thing)s")"
    }
}
