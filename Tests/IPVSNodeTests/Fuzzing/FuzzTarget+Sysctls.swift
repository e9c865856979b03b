import IPVSFuzzing
import IPVSNode

extension FuzzTarget {
    /// The value of a sysctl, and the release of a kernel, as texts.
    static let sysctls = FuzzTarget("sysctl-values", maximumLength: 256) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        try checkValue(text)
        try checkVersion(text)
    }

    private static func checkValue(_ text: String) throws {
        let files = FakeFiles(["/proc/sys/net/name": text])
        let sysctls = Sysctls(files: files)
        do {
            guard let value = try sysctls.value(of: "net.name") else { throw FuzzFailure("the sysctl is missing") }
            let outcome = sysctls.ensure([Sysctl("net.name", value)])
            try hold(outcome == Sysctls.Outcome(), "the value \(value) is set again: \(outcome)")
        } catch let error as SysctlError {
            try hold("\(error)".hasPrefix("can't read net.name: "), "an error is \"\(error)\"")
        }
    }

    private static func checkVersion(_ text: String) throws {
        guard let version = KernelVersion(text) else { return }
        let again = KernelVersion(version.description)
        try hold(again == version, "\(version) becomes \(String(describing: again))")
        // What to set depends on the version.
        try hold(!Sysctl.ipvsMode(on: version).isEmpty, "Linux \(version) needs no sysctl")
    }
}
