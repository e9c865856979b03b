import ArgumentParser
import Common

/// A command line in the form of Kubernetes' programs, made into one that argument-parser reads.
///
/// A switch can have a value (`--masquerade-all=false`), of which the last one counts; underscores in names are hyphens; the
/// level of the log can follow its letter (`-v2`). Flags of kube-proxy that have no effect here are taken out.
struct FlagWords {
    /// The words for argument-parser.
    private(set) var words: [String] = []

    /// The long names of the options that were given, in their order, without hyphens in front.
    private(set) var names: [String] = []

    /// The flags without an effect that were given, and their values.
    private(set) var inert: [(flag: InertFlag, value: String)] = []

    /// The names of options without a value.
    static let switches: Set<String> = [
        "bind-address-hard-fail", "cleanup", "conntrack-tcp-be-liberal", "dry-run", "help", "init-only",
        "ipvs-strict-arp",
        "masquerade-all", "once", "strict-arp", "version",
    ]

    init(_ words: [String]) throws(ValidationError) {
        var isOn: [String: Bool] = [:]
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                self.words += [word] + rest
                break
            }
            if word.hasPrefix("-v"), word.dropFirst(2).first.map({ $0 == "=" || $0.isWholeNumber }) == true {
                names.append("v")
                self.words.append("--v=\(word.dropFirst(2).drop { $0 == "=" })")
                continue
            }
            guard word.hasPrefix("--") else {
                self.words.append(word)
                continue
            }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0].map { $0 == "_" ? "-" : $0 })
            let value = parts.count == 2 ? String(parts[1]) : nil
            if let flag = InertFlag.all.first(where: { $0.name == name }) {
                guard let value = value ?? (flag.isSwitch ? "true" : rest.popFirst()) else {
                    throw ValidationError("Missing value for '--\(name)'")
                }
                if flag.isSwitch { _ = try Self.truth(value, name) }
                inert.removeAll { $0.flag.name == name }
                inert.append((flag, value))
                continue
            }
            if !names.contains(name) { names.append(name) }
            if Self.switches.contains(name) {
                isOn[name] = try value.map { text throws(ValidationError) in try Self.truth(text, name) } ?? true
            } else {
                // argument-parser takes nothing behind the sign for a value that is missing.
                self.words += value == "" ? ["--\(name)", ""] : ["--\(name)\(value.map { "=\($0)" } ?? "")"]
            }
        }
        let on = isOn.filter(\.value).keys.sorted().map { "--\($0)" }
        names.removeAll { isOn[$0] == false }
        self.words = on + self.words
    }

    /// A truth value in one of Go's spellings.
    private static func truth(_ text: String, _ name: String) throws(ValidationError) -> Bool {
        switch text {
        case "1", "t", "T", "TRUE", "true", "True": return true
        case "0", "f", "F", "FALSE", "false", "False": return false
        default:
            throw ValidationError(
                "The value '\(text.abbreviated)' is invalid for '--\(name)': it must be true or false"
            )
        }
    }
}
