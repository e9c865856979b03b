import IPVS
import IPVSNode

/// What a proxier records in the alias of its interface (`ip link show` prints it), so that a later process knows it: that
/// the interface is the proxier's, and which kernel settings and timeouts were changed.
///
///     swift-ipvs tcp=900:7200 ipv4.ip_forward=0:1 ipv4.vs.conntrack=0:1
///
/// If that doesn't fit into an alias, the settings that proxiers know have only the last part of their names, or else the
/// initials of its words:
///
///     swift-ipvs tcp=900:7200 ip_forward=0:1 conntrack=0:1
///     swift-ipvs tcp=900:7200 if=0:1 c=0:1
struct InterfaceLabel: Hashable {
    /// The settings that were changed, to be restored by a clean-up.
    private(set) var changes: [Sysctls.Change] = []

    /// The timeouts that were changed, to be restored too.
    private(set) var timeouts: [TimeoutSetting.Change] = []

    private static let owner = "swift-ipvs"

    /// How many bytes an alias can have.
    private static let capacity = 255

    init(changes: [Sysctls.Change] = [], timeouts: [TimeoutSetting.Change] = []) {
        (self.changes, self.timeouts) = (changes, timeouts)
    }

    /// Adds changes that are about to be made. Of several changes of one setting, the first old value and the last new one
    /// count.
    mutating func note(_ more: [Sysctls.Change]) {
        for change in more {
            let former = changes.firstIndex { $0.name == change.name }
            let before = former.map { changes.remove(at: $0).before } ?? change.before
            changes.append(Sysctls.Change(name: change.name, before: before, after: change.after))
        }
    }

    /// Adds changes of timeouts in the same way.
    mutating func note(_ more: [TimeoutSetting.Change]) {
        for change in more {
            let former = timeouts.firstIndex { $0.setting == change.setting }
            let before = former.map { timeouts.remove(at: $0).before } ?? change.before
            timeouts.append(TimeoutSetting.Change(change.setting, before: before, after: change.after))
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
        for word in alias.split(separator: " ").dropFirst() {
            guard let (name, before, after) = Self.parts(word) else { continue }
            if let setting = TimeoutSetting(word: name) {
                guard let before = UInt32(exactly: before), let after = UInt32(exactly: after) else { continue }
                let change = TimeoutSetting.Change(setting, before: before, after: after)
                if restorable.include(change) { timeouts.append(change) }
            } else {
                let change = Sysctls.Change(name: SysctlWord.name(of: name), before: before, after: after)
                if restorable.include(change) { changes.append(change) }
            }
        }
    }

    /// The name and the two values of a word.
    private static func parts(_ word: Substring) -> (name: Substring, before: Int, after: Int)? {
        guard let equals = word.firstIndex(of: "=") else { return nil }
        let values = word[word.index(after: equals)...].split(separator: ":").map { Int($0) }
        guard values.count == 2, let before = values[0], let after = values[1] else { return nil }
        return (word[..<equals], before, after)
    }
}

extension InterfaceLabel: CustomStringConvertible {
    /// The label as an alias, in the longest form that fits. Changes that don't fit even in the shortest form are left out.
    var description: String {
        let timeouts = timeouts.map { "\($0.setting.word)=\($0.before):\($0.after)" }
        func words(_ length: SysctlWord.Length) -> [String] {
            timeouts + changes.map { "\(SysctlWord.word(for: $0.name, length))=\($0.before):\($0.after)" }
        }
        for length in [SysctlWord.Length.whole, .lastPart] {
            let text = ([Self.owner] + words(length)).joined(separator: " ")
            if text.utf8.count <= Self.capacity { return text }
        }
        return words(.initials).reduce(Self.owner) { text, word in
            let longer = "\(text) \(word)"
            return longer.utf8.count > Self.capacity ? text : longer
        }
    }
}

extension TimeoutSetting {
    /// Its name in a label.
    fileprivate var word: String {
        switch self {
        case .tcp: "tcp"
        case .tcpFIN: "tcpfin"
        case .udp: "udp"
        }
    }

    fileprivate init?(word: Substring) {
        guard let setting = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = setting
    }
}

/// The names of settings in a label.
private enum SysctlWord {
    /// Nearly all settings begin with this prefix, which is left out. The names of the others begin with a dot instead.
    private static let prefix = "net."

    /// How much of a name is in a label.
    enum Length: Hashable { case whole, lastPart, initials }

    /// The settings that proxiers know by the last parts of their names, and by the initials of those, if only one has them. No
    /// other setting has a name without a dot.
    private static let namesByLastPart = names(by: lastPart)
    private static let namesByInitials = names(by: initials)

    private static func names(by shortening: (String) -> String) -> [String: String] {
        Dictionary(grouping: Sysctl.knownNames, by: shortening).filter { $0.value.count == 1 }.compactMapValues(\.first)
    }

    private static func lastPart(of name: String) -> String { name.split(separator: ".").last.map(String.init) ?? name }

    private static func initials(of name: String) -> String {
        String(lastPart(of: name).split(separator: "_").compactMap(\.first))
    }

    /// The word for a setting.
    static func word(for name: String, _ length: Length) -> String {
        let (last, initials) = (lastPart(of: name), initials(of: name))
        if length == .initials, namesByInitials[initials] == name { return initials }
        if length != .whole, namesByLastPart[last] == name { return last }
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : ".\(name)"
    }

    /// The setting that a word is for.
    static func name(of word: Substring) -> String {
        if let name = namesByLastPart[String(word)] ?? namesByInitials[String(word)] { return name }
        return word.first == "." ? String(word.dropFirst()) : prefix + word
    }
}
