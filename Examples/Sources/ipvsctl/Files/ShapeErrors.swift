import Common
import Yams

extension Shape {
    /// Everything at a place that is not of this shape.
    func errors(at place: Place, isRequired: Bool = false) -> [FileError] {
        switch (self, place.node) {
        case (.anything, _): []
        case (_, .scalar(let scalar)) where scalar.isNull:
            [place.error(isRequired ? "has no value" : "has no value; leave it out for its default")]
        case (.text(let kind, let isValid), .scalar(let scalar)) where scalar.isText,
            (.textOrObject(let kind, let isValid, _), .scalar(let scalar)) where scalar.isText:
            isValid(scalar.string)
                ? [] : [place.error("\(scalar.string.quoted) is not \(kind)\(scalar.string.zoneHint)")]
        case (.number(let maximum), .scalar(let scalar)):
            scalar.isNumber(upTo: maximum)
                ? [] : [place.error("\(scalar.shown) is not a number from 0 to \(maximum) in decimal digits")]
        case (.list(let element), .sequence): place.elements.flatMap { element.errors(at: $0) }
        case (.object(let fields), .mapping), (.textOrObject(_, _, let fields), .mapping):
            Self.errors(at: place, fields)
        default: [place.error("must be \(description), not \(place.node.shown)")]
        }
    }

    private static func errors(at place: Place, _ fields: [Field]) -> [FileError] {
        var errors: [FileError] = []
        for field in fields {
            if let value = place[field.name] {
                errors += field.shape.errors(at: value, isRequired: field.isRequired)
            } else if field.isRequired {
                errors.append(FileError(line: place.line, field: place.path(of: field.name), reason: "is missing"))
            }
        }
        let names = fields.map(\.name)
        for (key, value) in place.fields where !names.contains(key.string ?? "") {
            let name = key.string ?? "?"
            let hint =
                name.nearest(of: names).map { "did you mean \($0)?" } ?? "there are \(names.joined(separator: ", "))"
            let reason = "there is no such field; \(hint)"
            errors.append(FileError(line: key.mark?.line ?? value.line, field: value.path, reason: reason))
        }
        return errors
    }

    /// What it is in a message.
    private var description: String {
        switch self {
        case .text: "a text"
        case .number: "a number"
        case .list: "a list"
        case .object: "an object"
        case .textOrObject: "a text or an object"
        case .anything: "anything"
        }
    }
}

extension Node.Scalar {
    /// Whether it may be a text: in YAML all may that is not said to be another kind, in JSON what has quotes.
    fileprivate var isText: Bool {
        switch Tag.Name(rawValue: tag.rawValue) {
        case .null, .bool, .int, .float: false
        default: true
        }
    }
}
