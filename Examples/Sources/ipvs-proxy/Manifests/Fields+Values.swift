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
        guard let number = place.node.scalar?.wholeNumber.flatMap({ Number(exactly: $0) }), limits.contains(number)
        else {
            refuse(place, "must be a number from \(limits.lowerBound) to \(limits.upperBound), not \(place.node.shown)")
            return nil
        }
        return number
    }

    /// True or false, in any of the three ways of YAML to write it.
    mutating func truth(_ place: Place?) -> Bool? {
        guard let place else { return nil }
        switch place.node.scalar.flatMap({ $0.style == .plain ? $0.string : nil }) {
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        default:
            refuse(place, "must be true or false, not \(place.node.shown)")
            return nil
        }
    }

    /// One of some words. Nearly one of them is a misspelling. Any other can be of a newer version of Kubernetes, and
    /// must not stop everything else.
    mutating func choice<Value>(
        _ place: Place?,
        _ values: KeyValuePairs<String, Value>,
        otherwise consequence: String = "it is left out"
    ) -> Value? {
        guard let place, let text = text(place) else { return nil }
        if let value = values.first(where: { $0.key == text })?.value { return value }
        let words = values.map(\.key)
        let reason = "must be \(words.listed("or")), not \(place.node.shown)"
        if text.nearest(of: words) != nil {
            refuse(place, reason)
        } else {
            tolerantly(consequence: consequence) { $0.refuse(place, reason) }
        }
        return nil
    }

    /// An address. As in kube-proxy, one that is IPv4-mapped counts as the IPv4 address, as no packet has another.
    mutating func address(_ place: Place?) -> IPAddress? {
        guard let place, let text = text(place) else { return nil }
        guard let address = IPAddress(manifest: text) else {
            refuse(place, "\(text.quoted) is not an IP address")
            return nil
        }
        if let ipv4 = address.mappedIPv4 {
            warn(place, "\(address) is IPv4-mapped, and counts as \(ipv4)", cause: "IPv4-mapped addresses")
            return ipv4
        }
        return address
    }

    /// A block of addresses, with the same exception.
    mutating func block(_ place: Place?) -> IPAddress.Block? {
        guard let place, let text = text(place) else { return nil }
        guard let block = IPAddress.Block(manifest: text) else {
            refuse(place, "\(text.quoted) is not a block of addresses, such as 192.0.2.0/24")
            return nil
        }
        if let ipv4 = block.mappedIPv4 {
            warn(place, "\(block) is IPv4-mapped, and counts as \(ipv4)", cause: "IPv4-mapped addresses")
            return ipv4
        }
        return block
    }
}

extension Node.Scalar {
    /// The number, if it is a whole one. Some programs write it with a fraction, such as 80.0.
    ///
    /// Other numbers of YAML, such as octal 010 or 1:30, are ambiguous.
    fileprivate var wholeNumber: UInt32? {
        guard style == .plain else { return nil }
        if let dot = string.firstIndex(of: "."), string[dot...].dropFirst().allSatisfy({ $0 == "0" }) {
            var whole = self
            whole.string = String(string[..<dot])
            return whole.isNumber(upTo: .max) ? UInt32(whole.string) : nil
        }
        return isNumber(upTo: .max) ? UInt32(string) : nil
    }

    /// Whether it is a number or a Boolean value in YAML, and therefore in Kubernetes.
    fileprivate var isOtherThanText: Bool {
        if ["true", "false"].contains(string.lowercased()) { return true }
        // Words such as nan are not numbers in YAML.
        return string.first.map { $0.isNumber || "+-.".contains($0) } == true && Double(string) != nil
    }
}
