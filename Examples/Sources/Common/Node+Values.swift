package import Yams

extension Node {
    /// The node in a message.
    package var shown: String {
        switch self {
        case .scalar(let scalar): scalar.shown
        case .sequence: "a list"
        case .mapping: "an object"
        case .alias: "an alias"
        }
    }
}

extension Node.Scalar {
    package var isNull: Bool { style == .plain && ["", "~", "null", "Null", "NULL"].contains(string) }

    /// The text for a message, with quotes if it has them in the file.
    package var shown: String { style == .plain ? string.abbreviated : string.quoted }

    /// Only decimal digits: other numbers of YAML, such as octal 010 or 1:30, are ambiguous.
    package func isNumber(upTo maximum: UInt32) -> Bool {
        guard style == .plain, string == "0" || !string.hasPrefix("0"), string.hasOnlyDigits else { return false }
        return UInt32(string).map { $0 <= maximum } ?? false
    }
}
