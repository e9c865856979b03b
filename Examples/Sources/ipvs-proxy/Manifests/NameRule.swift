/// The rules of an API server for names, which are parts of DNS names.
enum NameRule {
    /// A part of a DNS name, as services, namespaces and ports have it.
    case label

    /// A DNS name of one or more parts, as endpoint slices have it.
    case subdomain

    func allows(_ name: String) -> Bool {
        guard name.utf8.count <= maximumLength else { return false }
        switch self {
        case .label: return Self.isPart(name.utf8[...])
        case .subdomain:
            let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            return parts.allSatisfy(Self.isPart)
        }
    }

    private var maximumLength: Int { self == .label ? 63 : 253 }

    private static func isPart(_ bytes: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return bytes.first.map { $0 != hyphen } == true && bytes.last != hyphen
            && bytes.allSatisfy { byte in
                byte == hyphen || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }

    /// What a name has, for a message.
    var description: String {
        let others = self == .label ? "" : ", and dots between such parts"
        return "a name has at most \(maximumLength) lowercase letters and digits, and hyphens between them\(others)"
    }
}
