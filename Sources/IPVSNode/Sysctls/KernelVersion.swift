import Netlink

/// The version of a Linux kernel, without its patch level: `6.12`.
public struct KernelVersion: Hashable, Sendable {
    /// The first number of the version.
    public let major: Int

    /// The second number of the version.
    public let minor: Int

    /// A version with two numbers.
    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// The version of the running kernel (`uname`).
    public static let running: KernelVersion = {
        var names = utsname()
        guard unsafe uname(&names) == 0 else { return KernelVersion(0, 0) }
        let release = unsafe withUnsafeBytes(of: names.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return KernelVersion(release) ?? KernelVersion(0, 0)
    }()
}

extension KernelVersion: LosslessStringConvertible {
    /// Parses the first two numbers of a release such as `6.1.0-18-amd64`. Returns nil if it doesn't begin with two.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let major = Int(digits: parts[0]),
            let minor = Int(digits: parts[1].prefix { $0.isASCII && $0.isNumber })
        else { return nil }
        self.init(major, minor)
    }

    /// The text form: `6.1`.
    public var description: String { "\(major).\(minor)" }
}

extension KernelVersion: Comparable {
    /// Orders by the first number that differs.
    public static func < (left: Self, right: Self) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
}

extension Int {
    /// Parses a number that has only decimal digits: no sign, no space.
    fileprivate init?(digits: Substring) {
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.init(digits)
    }
}
