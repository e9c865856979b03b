/// The version of the program.
enum BuildInfo {
    /// Semantic versioning, without a `v`.
    static let version = "0.1.0"

    /// The labels of `kubernetes_build_info`. Those that say how a Go program was built are empty where this one has no such
    /// thing.
    static var labels: [(String, String)] {
        let parts = version.split(separator: ".")
        return [
            ("build_date", ""), ("compiler", "swiftc"), ("git_commit", ""), ("git_tree_state", ""),
            ("git_version", "v\(version)"), ("go_version", ""), ("major", parts.first.map(String.init) ?? ""),
            ("minor", parts.dropFirst().first.map(String.init) ?? ""), ("platform", "linux/\(architecture)"),
        ]
    }

    /// The architecture by the name that Go has for it.
    static var architecture: String {
        #if arch(x86_64)
        "amd64"
        #elseif arch(arm64)
        "arm64"
        #elseif arch(arm)
        "arm"
        #elseif arch(s390x)
        "s390x"
        #elseif arch(powerpc64le)
        "ppc64le"
        #else
        "unknown"
        #endif
    }
}
