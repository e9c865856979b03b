import IPVSProxy

/// The names of the table and of the chains that come and go.
///
/// nft knows a name by its characters: letters, digits, and `/`, `-`, `_` and `.`. Other bytes are written in hexadecimal, so
/// that different interfaces and services always have different names, and no name is anything else in a script.
enum Names {
    /// The name of the table of an interface. No interface has a `/` in its name, so that is where escapes begin.
    static func table(of interface: String) -> String {
        "swift-ipvs-" + interface.escaped(by: "/", keeping: "-_.")
    }

    /// The beginning of the names of all chains with source ranges.
    static let rangesPrefix = "source-ranges/"

    /// The beginning of the name of a mark, which is no other chain's.
    static let markPrefix = "written/"

    /// The longest name that the kernel accepts has 255 bytes. Those of Kubernetes' services are at most 205 bytes long.
    private static let limit = 250

    /// The name of the chain with the source ranges of a service port.
    static func chain(of name: ServicePortName) -> String {
        var parts = [name.service.namespace, name.service.name]
        if !name.port.isEmpty { parts.append(name.port) }
        let text = rangesPrefix + parts.map { $0.escaped(by: "_", keeping: "-.") }.joined(separator: "/")
        guard text.utf8.count > limit else { return text }
        // No part of another name is a mark without digits. Names of Kubernetes don't get here.
        return "\(rangesPrefix)_/\(String(StableHash.of([text]), radix: 16))"
    }

    /// The service port whose chain has a name; nil if it is no such name, or stands for a name that is too long.
    static func servicePort(ofChain name: String) -> ServicePortName? {
        guard name.hasPrefix(rangesPrefix) else { return nil }
        let parts = name.dropFirst(rangesPrefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count) else { return nil }
        let texts = parts.compactMap { $0.unescaped(by: "_") }
        guard texts.count == parts.count else { return nil }
        let port = texts.count > 2 ? texts[2] : ""
        let result = ServicePortName(NamespacedName(texts[0], texts[1]), port: port)
        // Only one text stands for a name.
        return chain(of: result) == name ? result : nil
    }
}

extension String {
    /// The text with a mark and two digits instead of each byte that is neither a letter nor a digit nor one to be kept.
    fileprivate func escaped(by mark: String, keeping kept: String) -> String {
        var text = ""
        for byte in utf8 {
            if byte.isAlphanumeric || kept.utf8.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += mark + byte.twoDigits
            }
        }
        return text
    }
}

extension Substring {
    /// The reverse of `escaped(by:keeping:)`; nil for anything else.
    fileprivate func unescaped(by mark: Unicode.Scalar) -> String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard Unicode.Scalar(byte) == mark else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            rest = rest.dropFirst(2)
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var isAlphanumeric: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
    }

    /// The byte in hexadecimal.
    fileprivate var twoDigits: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}
