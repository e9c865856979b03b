import Common
import Foundation
import Glibc
import Yams

extension KubeProxyConfiguration {
    /// The configuration as a page of `/configz`: JSON, under the name of its group.
    ///
    /// - Throws: `EncodingError`.
    func configz() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode([Self.group: self]), as: UTF8.self)
    }

    /// The configuration as a file in YAML.
    ///
    /// - Throws: An error of an encoder.
    func yaml() throws -> String {
        // Yams' own encoder rounds numbers, and has another opinion on which texts need quotes. In JSON both are as they
        // are read.
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = String(decoding: try encoder.encode(self), as: UTF8.self)
        return try Yams.serialize(node: JSONReader.read(json).node.withoutNeedlessQuotes, width: -1)
    }

    /// Writes the configuration to a file in YAML.
    ///
    /// - Throws: `Failure` if the file can't be written.
    func write(to path: String) throws {
        let text = try yaml()
        do {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
        } catch {
            throw Failure(
                "can't write \(path.abbreviated): \((error as? CocoaError)?.reason ?? error.localizedDescription)"
            )
        }
    }
}

extension CocoaError {
    /// The reason that the system gives.
    fileprivate var reason: String? {
        (errorUserInfo[NSUnderlyingErrorKey] as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
    }
}

extension Node {
    /// The node with quotes only around texts that a reader could take for something else.
    fileprivate var withoutNeedlessQuotes: Node {
        switch self {
        case .scalar(var scalar):
            if scalar.style == .doubleQuoted, scalar.string.isPlainInYAML { scalar.style = .plain }
            return .scalar(scalar)
        case .mapping(let mapping):
            let fields = mapping.map { ($0.key.withoutNeedlessQuotes, $0.value.withoutNeedlessQuotes) }
            return Node(fields, Tag(.map))
        case .sequence(let sequence): return Node(sequence.map(\.withoutNeedlessQuotes), Tag(.seq))
        case .alias: return self
        }
    }
}

extension String {
    /// Whether any reader takes it for a text without quotes: a word or a path, a duration, or an IPv4 address, also with
    /// a port or the length of a prefix.
    fileprivate var isPlainInYAML: Bool {
        guard utf8.allSatisfy({ $0 < 0x80 }) else { return false }
        guard wholeMatch(of: /[A-Za-z\/][-A-Za-z0-9._\/]*/) == nil else {
            return !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(lowercased())
        }
        return wholeMatch(of: /(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|ms|s|m|h))+/) != nil
            || wholeMatch(of: /[0-9]+(?:\.[0-9]+){3}(?:[:\/][0-9]+)?/) != nil
    }
}
