/// A certificate, a key or a bundle of certificates in PEM, and where it comes from.
///
/// A file is read again when it changes.
public struct Credential: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        case file(String)
        case data(Secret)
    }

    let content: Content

    /// Where it comes from, for messages.
    let origin: String

    private init(_ content: Content, origin: String) {
        self.content = content
        self.origin = origin
    }

    /// What a file has.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - origin: What names the file, for messages, such as `/etc/config:3: clusters[0].cluster.certificate-authority`.
    /// - Returns: The credential.
    public static func file(_ path: String, origin: String? = nil) -> Credential {
        Credential(.file(path), origin: origin.map { "\($0): \(path)" } ?? path)
    }

    /// Bytes in PEM.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - origin: Where they come from, for messages.
    /// - Returns: The credential.
    public static func data(_ bytes: [UInt8], origin: String) -> Credential {
        Credential(.data(Secret(bytes)), origin: origin)
    }
}

extension Credential: CustomStringConvertible {
    /// Where it comes from.
    public var description: String { origin }
}
