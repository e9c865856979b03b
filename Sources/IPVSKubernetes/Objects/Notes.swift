import IPVS
import IPVSProxy
import KubernetesAPI

/// Collects what is not served of an object.
struct Notes {
    private let kind: String
    private let name: ObjectName
    private var entries: [Entry] = []

    /// The indices of the entries with a cause.
    private var indices: [Cause: Int] = [:]

    /// What several places of an object have in common, of which only the first has a note.
    enum Cause {
        case endpointAddresses, furtherAddresses, endpointsWithoutAddresses, portNumbers, portsWithoutNumbers, nodePorts
        case mappedAddresses
    }

    private struct Entry {
        let field: String
        let reason: String
        let isWarning: Bool

        /// The number of other places with the same cause.
        var others = 0

        var text: String {
            others == 0 ? reason : "\(reason); so \(others == 1 ? "is 1 more" : "are \(others) more")"
        }
    }

    init(_ kind: String, _ name: ObjectName) { (self.kind, self.name) = (kind, name) }

    var all: [Note] {
        // Most objects have none.
        entries.isEmpty
            ? []
            : entries.map { Note(object: "\(kind) \(name)", field: $0.field, reason: $0.text, isWarning: $0.isWarning) }
    }

    /// Records why something is not served that nobody expects to be.
    mutating func note(_ reason: String) { entries.append(Entry(field: "", reason: reason, isWarning: false)) }

    /// Warns that a field's value is not used. Of several with the same cause, only the first gets a note.
    mutating func warn(
        _ field: @autoclosure () -> String,
        _ reason: @autoclosure () -> String,
        cause: Cause? = nil
    ) {
        if let cause {
            if let index = indices[cause] { return entries[index].others += 1 }
            indices[cause] = entries.count
        }
        entries.append(Entry(field: field(), reason: reason(), isWarning: true))
    }
}

extension Notes {
    /// Reads an address. As in kube-proxy, one that is IPv4-mapped counts as the IPv4 address.
    mutating func address(
        _ text: String,
        _ field: @autoclosure () -> String,
        _ consequence: @autoclosure () -> String = "it is left out",
        cause: Cause? = nil
    ) -> IPAddress? {
        guard let address = IPAddress(stored: text) else {
            warn(field(), "\(text.debugDescription) is not an IP address; \(consequence())", cause: cause)
            return nil
        }
        guard let ipv4 = address.mappedIPv4 else { return address }
        warn(field(), "\(address) is IPv4-mapped, and counts as \(ipv4)", cause: .mappedAddresses)
        return ipv4
    }

    /// Reads an address that a service can have.
    mutating func serviceAddress(_ text: String, _ field: @autoclosure () -> String) -> IPAddress? {
        guard let address = address(text, field()) else { return nil }
        if let purpose = address.purpose {
            warn(field(), "\(address) is \(purpose.rawValue), which no service can have; it is left out")
            return nil
        }
        return address
    }

    /// Reads a block of addresses, with the same exception.
    mutating func block(_ text: String, _ field: @autoclosure () -> String) -> IPAddress.Block? {
        guard let block = IPAddress.Block(stored: text) else {
            warn(field(), "\(text.debugDescription) is not a block of addresses; it is left out")
            return nil
        }
        guard let ipv4 = block.mappedIPv4 else { return block }
        warn(field(), "\(block) is IPv4-mapped, and counts as \(ipv4)", cause: .mappedAddresses)
        return ipv4
    }

    /// A choice from a list of names. An unknown one is left to a default, with a warning.
    mutating func choice<Value>(
        _ text: String?,
        _ field: @autoclosure () -> String,
        _ values: KeyValuePairs<String, Value>,
        otherwise value: Value,
        _ consequence: String
    ) -> Value {
        guard let text, !text.isEmpty else { return value }
        if let match = values.first(where: { $0.key == text }) { return match.value }
        let names = values.map(\.key).joined(separator: ", ")
        warn(field(), "\(text.debugDescription) is none of \(names); \(consequence)")
        return value
    }

    /// A number of a port, or 0 for none. Any other number is left out with a warning.
    mutating func portNumber(_ number: Int?, _ field: @autoclosure () -> String) -> UInt16? {
        guard let number, number != 0 else { return nil }
        guard let port = UInt16(exactly: number) else {
            warn(field(), "\(number) is not from 0 to 65535; it is left out")
            return nil
        }
        return port
    }
}
