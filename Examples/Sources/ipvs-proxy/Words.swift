extension [String] {
    /// The words as a sentence lists them: `a, b or c`.
    func listed(_ conjunction: String) -> String {
        guard let last, count > 1 else { return joined() }
        return "\(dropLast().joined(separator: ", ")) \(conjunction) \(last)"
    }
}

extension Int {
    /// The number of some things: `1 service`, `2 services`.
    func counted(_ thing: String, _ things: String? = nil) -> String {
        "\(self) \(self == 1 ? thing : things ?? "\(thing)s")"
    }
}
