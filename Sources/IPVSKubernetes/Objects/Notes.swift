import IPVS
import IPVSProxy

/// Collects what is not served of an object.
struct Notes {
    private let object: String
    private(set) var all: [Note] = []

    init(of object: String) { self.object = object }

    mutating func note(_ reason: String) { add("", reason, isWarning: false) }

    mutating func warn(_ field: String, _ reason: String) { add(field, reason, isWarning: true) }

    private mutating func add(_ field: String, _ reason: String, isWarning: Bool) {
        all.append(Note(object: object, field: field, reason: reason, isWarning: isWarning))
    }

    /// The addresses of a list. Those that can't be served are left out.
    mutating func addresses(_ texts: [String]?, _ field: String) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for (index, text) in (texts ?? []).enumerated() {
            guard let address = address(text, "\(field)[\(index)]"), !addresses.contains(address) else { continue }
            addresses.append(address)
        }
        return addresses
    }

    /// An address that a service can have, or nil if it can't be served.
    mutating func address(_ text: String, _ field: @autoclosure () -> String) -> IPAddress? {
        guard let address = IPAddress(stored: text) else {
            warn(field(), "\(text.debugDescription) is not an IP address; it is left out")
            return nil
        }
        if let purpose = address.purpose {
            warn(field(), "\(address) is \(purpose.rawValue), which no service can have; it is left out")
            return nil
        }
        return address
    }

    /// A choice from a list of names. An unknown one is left to a default, with a warning.
    mutating func choice<Value>(
        _ text: String?,
        _ field: String,
        _ values: KeyValuePairs<String, Value>,
        otherwise value: Value,
        _ consequence: String
    ) -> Value {
        guard let text, !text.isEmpty else { return value }
        if let match = values.first(where: { $0.key == text }) { return match.value }
        let names = values.map(\.key).joined(separator: ", ")
        warn(field, "\(text.debugDescription) is none of \(names); \(consequence)")
        return value
    }
}
