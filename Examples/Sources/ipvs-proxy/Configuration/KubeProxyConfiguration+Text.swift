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
    /// - Throws: `EncodingError`.
    func yaml() throws -> String {
        let encoder = YAMLEncoder()
        encoder.options.sortKeys = true
        return try encoder.encode(self)
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
