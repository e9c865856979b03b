extension String {
    /// Whether it has only digits.
    package var hasOnlyDigits: Bool { allSatisfy { $0.isASCII && $0.isWholeNumber } }
}
