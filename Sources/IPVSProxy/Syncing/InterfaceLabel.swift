import IPVS
import IPVSNode

/// What a proxier records in the alias of its interface (`ip link show` prints it), so that a later process knows it: that
/// the interface is the proxier's, and which kernel settings were changed.
///
///     swift-ipvs ipv4.ip_forward=0:1 ipv4.vs.conntrack=0:1
struct InterfaceLabel: Hashable {
    /// The settings that were changed, to be restored by a clean-up.
    private(set) var changes: [Sysctls.Change] = []

    private static let owner = "swift-ipvs"

    /// Nearly all settings begin with this prefix, which is left out. The names of the others begin with a dot instead.
    private static let prefix = "net."

    /// How many bytes an alias can have.
    private static let capacity = 255

    init(changes: [Sysctls.Change] = []) { self.changes = changes }

    /// Adds changes that are about to be made. Of several changes of one setting, the first old value and the last new one
    /// count.
    mutating func note(_ more: [Sysctls.Change]) {
        for change in more {
            let former = changes.firstIndex { $0.name == change.name }
            let before = former.map { changes.remove(at: $0).before } ?? change.before
            changes.append(Sysctls.Change(name: change.name, before: before, after: change.after))
        }
    }
}

extension InterfaceLabel {
    /// Whether an alias is that of a proxier's interface.
    static func isLabel(_ alias: String) -> Bool { alias.split(separator: " ").first.map(String.init) == owner }

    /// Reads an alias; nil if it is not that of a proxier's interface.
    ///
    /// Words that are not changes of restorable settings are skipped: those of later versions, and those that somebody else
    /// has written.
    init?(_ alias: String, restoring restorable: RestorableSettings = RestorableSettings()) {
        guard Self.isLabel(alias) else { return nil }
        changes = alias.split(separator: " ").dropFirst().compactMap(Self.change).filter(restorable.include)
    }

    private static func change(_ word: Substring) -> Sysctls.Change? {
        guard let equals = word.firstIndex(of: "=") else { return nil }
        let values = word[word.index(after: equals)...].split(separator: ":").map { Int($0) }
        guard values.count == 2, let before = values[0], let after = values[1] else { return nil }
        let name = word.first == "." ? String(word[..<equals].dropFirst()) : prefix + word[..<equals]
        return Sysctls.Change(name: name, before: before, after: after)
    }
}

extension InterfaceLabel: CustomStringConvertible {
    /// The label as an alias. Changes that don't fit are left out.
    var description: String {
        changes.reduce(Self.owner) { text, change in
            let isUsual = change.name.hasPrefix(Self.prefix)
            let name = isUsual ? String(change.name.dropFirst(Self.prefix.count)) : ".\(change.name)"
            let longer = "\(text) \(name)=\(change.before):\(change.after)"
            return longer.utf8.count > Self.capacity ? text : longer
        }
    }
}
