import Common
import IPVS
import Yams

/// Reads values from the fields of an object, and collects errors and notes.
///
/// As in Kubernetes, a field without a value counts as missing, and unknown fields are ignored.
struct Fields {
    private(set) var errors: Several<FileError> = []

    /// Parts that are valid but not served.
    private(set) var notes: [(sentence: String, isWarning: Bool)] = []

    /// Records why something is not served, as a warning if its author probably expects it to be.
    mutating func note(_ sentence: String, isWarning: Bool = false) { notes.append((sentence, isWarning)) }

    mutating func refuse(_ place: Place, _ reason: String) { errors.append(place.error(reason)) }

    mutating func refuse(_ place: Place, lacks name: String) {
        errors.append(FileError(line: place.line, field: place.path(of: name), reason: "is missing"))
    }

    /// An object, or nil if there is none.
    mutating func object(_ place: Place?) -> Place? {
        guard let place else { return nil }
        guard let mapping = place.node.mapping else {
            refuse(place, "must be an object, not \(place.node.shown)")
            return nil
        }
        // As a field it would be ignored, and its contents would be missing.
        if let merge = mapping.keys.first(where: { $0.scalar?.style == .plain && $0.string == "<<" }) {
            errors.append(
                FileError(line: merge.mark?.line, field: place.path(of: "<<"), reason: "can't be merged here")
            )
        }
        return place
    }

    /// The elements of a list, or none if there is no list.
    mutating func list(_ place: Place?) -> [Place] {
        guard let place else { return [] }
        guard place.node.sequence != nil else {
            refuse(place, "must be a list, not \(place.node.shown)")
            return []
        }
        return place.elements
    }

    /// The elements of a list in an object. It must not be empty.
    mutating func list(_ name: String, requiredIn object: Place) -> [Place] {
        let place = object.field(name)
        if place?.node.sequence?.isEmpty ?? (place == nil) { refuse(object, lacks: name) }
        return list(place)
    }

    /// A string. Unquoted numbers and Boolean values are not strings.
    mutating func text(_ place: Place?) -> String? {
        guard let place else { return nil }
        guard let scalar = place.node.scalar, !scalar.isNull, scalar.style != .plain || !scalar.isOtherThanText else {
            refuse(place, "must be a text, not \(place.node.shown)")
            return nil
        }
        return scalar.string
    }

    /// A required string in an object. It must not be empty.
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
            refuse(place, "\(text.quoted) is not an IP address\(text.zoneHint)")
            return nil
        }
        return address
    }
}

extension Place {
    /// The field with a name, if it has a value.
    func field(_ name: String) -> Place? {
        guard let place = self[name], place.node.scalar?.isNull != true else { return nil }
        return place
    }
}

extension Node.Scalar {
    /// Whether it is a number or a Boolean value in YAML, and therefore in Kubernetes.
    fileprivate var isOtherThanText: Bool {
        if ["true", "false"].contains(string.lowercased()) { return true }
        // Words such as nan are not numbers in YAML.
        return string.first.map { $0.isNumber || "+-.".contains($0) } == true && Double(string) != nil
    }
}
