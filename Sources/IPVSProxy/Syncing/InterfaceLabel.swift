import IPVS
import IPVSNode

/// What a proxy has to know after a restart, in the alias of its interface (`ip link show` prints it): that the interface
/// is its own, and which settings of the kernel it has changed.
///
///     swift-ipvs ipv4.ip_forward=0:1 ipv4.vs.conntrack=0:1
struct InterfaceLabel: Hashable {
    /// The settings that were changed, to be restored at the end.
    var changes: [Sysctls.Change] = []

    private static let owner = "swift-ipvs"

    /// Nearly all settings begin so; it is left out, and the few others begin with a dot instead.
    private static let prefix = "net."

    /// How many bytes an alias can have.
    private static let capacity = 255

    init(changes: [Sysctls.Change] = []) { self.changes = changes }

    /// Adds changes that are about to be made. Of several changes of one setting the first value and the last one count.
    mutating func note(_ more: [Sysctls.Change]) {
        for change in more {
            let former = changes.firstIndex { $0.name == change.name }
            let before = former.map { changes.remove(at: $0).before } ?? change.before
            changes.append(Sysctls.Change(name: change.name, before: before, after: change.after))
        }
    }
}

extension InterfaceLabel: LosslessStringConvertible {
    /// Reads an alias; nil if it is not that of an interface of a proxy.
    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.first.map(String.init) == Self.owner else { return nil }
        for word in words.dropFirst() {
            // Words of a later version are passed over.
            if let change = Self.change(word) { changes.append(change) }
        }
    }

    private static func change(_ word: Substring) -> Sysctls.Change? {
        guard let equals = word.firstIndex(of: "=") else { return nil }
        let values = word[word.index(after: equals)...].split(separator: ":").map { Int($0) }
        guard values.count == 2, let before = values[0], let after = values[1] else { return nil }
        let name = word.first == "." ? String(word[..<equals].dropFirst()) : prefix + word[..<equals]
        return Sysctls.Change(name: name, before: before, after: after)
    }

    /// The label as an alias. Of more changes than it has room for, those are in it that fit.
    var description: String {
        changes.reduce(Self.owner) { text, change in
            let isUsual = change.name.hasPrefix(Self.prefix)
            let name = isUsual ? String(change.name.dropFirst(Self.prefix.count)) : ".\(change.name)"
            let longer = "\(text) \(name)=\(change.before):\(change.after)"
            return longer.utf8.count > Self.capacity ? text : longer
        }
    }
}
