import VisibleText

extension DecodingError {
    /// Which field is wrong, and how, without its value, which may be a secret.
    var placeWithoutValue: String { placeWithoutValue(below: 0) }

    /// Which field is wrong, and how. The path of the field begins behind a number of keys.
    func placeWithoutValue(below depth: Int) -> String {
        func path(_ context: Context, _ key: (any CodingKey)? = nil) -> String {
            var text = ""
            for key in context.codingPath.dropFirst(depth) + (key.map { [$0] } ?? []) {
                if let index = key.intValue {
                    text += "[\(index)]"
                } else {
                    text += (text.isEmpty ? "" : ".") + key.stringValue
                }
            }
            return text.isEmpty ? "" : "\(text.visible(upTo: 200)): "
        }
        return switch self {
        case .keyNotFound(let key, let context): "\(path(context, key))is missing"
        case .valueNotFound(_, let context): "\(path(context))is null"
        case .typeMismatch(let type, let context): "\(path(context))must be \(Self.words(type))"
        case .dataCorrupted(let context): "\(path(context))is not valid"
        @unknown default: "is not valid"
        }
    }

    private static func words(_ type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is [String: Any].Type: "an object"
        case is [Any].Type: "an array"
        default: "of another type"
        }
    }
}
