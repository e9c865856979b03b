import Common
import IPVS
import Yams

extension Fields {
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
        guard let place = object.filled(name) else {
            refuse(object, lacks: name)
            return nil
        }
        return text(place)
    }

    /// A name that obeys a rule.
    mutating func name(_ place: Place?, _ rule: NameRule) -> String? {
        guard let place, let name = text(place) else { return nil }
        guard rule.allows(name) else {
            refuse(place, "\(name.quoted) is not a valid name: \(rule.description)")
            return nil
        }
        return name
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

    /// An address that packets can have.
    mutating func address(_ place: Place?) -> IPAddress? {
        guard let place, let text = text(place) else { return nil }
        guard let address = IPAddress(manifest: text) else {
            refuse(place, "\(text.quoted) is not an IP address")
            return nil
        }
        if let ipv4 = address.mappedIPv4 {
            refuse(place, "\(address) is IPv4-mapped; write \(ipv4)")
            return nil
        }
        return address
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
