extension String {
    /// Whether there is nothing in it but the digits 0 to 9.
    package var hasOnlyDigits: Bool { allSatisfy { $0.isASCII && $0.isWholeNumber } }
}
