import Common
import IPVS
import Yams

/// Takes values from the fields of an object, and gathers what is wrong with them, and what is to be told.
///
/// As in Kubernetes a field without a value is as good as none, and fields that nobody asks for are let be.
struct Fields {
    private(set) var errors: [FileError] = []

    /// What is no error, but makes that something is not served.
    private(set) var notes: [(sentence: String, isWarning: Bool)] = []

    /// Notes why something is not served; a warning if its author will have expected otherwise.
    mutating func note(_ sentence: String, isWarning: Bool = false) { notes.append((sentence, isWarning)) }

    mutating func refuse(_ place: Place, _ reason: String) { errors.append(place.error(reason)) }

    mutating func refuse(_ place: Place, lacks name: String) {
        errors.append(FileError(line: place.line, field: place.path(of: name), reason: "is missing"))
    }

    /// An object; nil if there is none.
    mutating func object(_ place: Place?) -> Place? {
        guard let place else { return nil }
        guard let mapping = place.node.mapping else {
            refuse(place, "must be an object, not \(place.node.shown)")
            return nil
        }
        // Read as a field it would be let be, and what it stands for would be missing.
        if let merge = mapping.keys.first(where: { $0.scalar?.style == .plain && $0.string == "<<" }) {
            errors.append(
                FileError(line: merge.mark?.line, field: place.path(of: "<<"), reason: "can't be merged here")
            )
        }
        return place
    }

    /// The elements of a list; none if there is none.
    mutating func list(_ place: Place?) -> [Place] {
        guard let place else { return [] }
        guard place.node.sequence != nil else {
            refuse(place, "must be a list, not \(place.node.shown)")
            return []
        }
        return place.elements
    }

    /// The elements of a list that must not be empty, in an object.
    mutating func list(_ name: String, requiredIn object: Place) -> [Place] {
        let place = object.field(name)
        if place?.node.sequence?.isEmpty ?? (place == nil) { refuse(object, lacks: name) }
        return list(place)
    }

    /// A text. What looks like a number or a truth value is none, if it has no quotes.
    mutating func text(_ place: Place?) -> String? {
        guard let place else { return nil }
        guard let scalar = place.node.scalar, !scalar.isNull, scalar.style != .plain || !scalar.isOtherThanText else {
            refuse(place, "must be a text, not \(place.node.shown)")
            return nil
        }
        return scalar.string
    }

    /// A text that must be there and not be empty, in an object.
    mutating func text(_ name: String, requiredIn object: Place) -> String? {
        guard let place = object.field(name), place.node.scalar?.string != "" else {
            refuse(object, lacks: name)
            return nil
        }
        return text(place)
    }

    /// A number within limits.
    mutating func number<Number: FixedWidthInteger>(_ place: Place?, _ limits: ClosedRange<Number>) -> Number? {
        guard let place else { return nil }
        guard let scalar = place.node.scalar, scalar.isNumber(upTo: .max), let number = Number(scalar.string),
            limits.contains(number)
        else {
            refuse(place, "must be a number from \(limits.lowerBound) to \(limits.upperBound), not \(place.node.shown)")
            return nil
        }
        return number
    }

    mutating func truth(_ place: Place?) -> Bool? {
        guard let place else { return nil }
        switch place.node.scalar {
        case let scalar? where scalar.style == .plain && scalar.string == "true": return true
        case let scalar? where scalar.style == .plain && scalar.string == "false": return false
        default:
            refuse(place, "must be true or false, not \(place.node.shown)")
            return nil
        }
    }

    /// One of some words.
    mutating func choice<Value>(_ place: Place?, _ values: KeyValuePairs<String, Value>) -> Value? {
        guard let place, let text = text(place) else { return nil }
        guard let value = values.first(where: { $0.key == text })?.value else {
            refuse(place, "must be \(values.map(\.key).listed("or")), not \(place.node.shown)")
            return nil
        }
        return value
    }

    mutating func address(_ place: Place?) -> IPAddress? {
        guard let place, let text = text(place) else { return nil }
        guard let address = IPAddress(text) else {
            refuse(place, "\"\(text)\" is not an IP address")
            return nil
        }
        return address
    }
}

extension Place {
    /// The field of a name, if it has a value.
    func field(_ name: String) -> Place? {
        guard let place = self[name], place.node.scalar?.isNull != true else { return nil }
        return place
    }
}

extension Node.Scalar {
    /// Whether YAML has it for a number or a truth value, and so Kubernetes does.
    fileprivate var isOtherThanText: Bool {
        if ["true", "false"].contains(string.lowercased()) { return true }
        // Words such as nan are none to YAML.
        return string.first.map { $0.isNumber || "+-.".contains($0) } == true && Double(string) != nil
    }
}
