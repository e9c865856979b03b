import Foundation
import Testing

@testable import IPVS
@testable import Netlink

/// The messages between ipvsadm and a kernel, by command line.
struct Capture: Decodable, CustomTestStringConvertible {
    let kernel: String
    let exchanges: [Exchange]

    struct Exchange: Decodable {
        let command: String
        let status: Int
        let stdout: String
        let stderr: String
        let messages: [Message]
    }

    struct Message: Decodable {
        let flags: UInt16
        let request: String
        let replies: [Reply]
    }

    struct Reply: Decodable {
        let type: String
        let flags: UInt16
        let errno: Int32?
        let payload: String?
    }

    var testDescription: String { "Linux \(kernel)" }

    static let all: [Capture] = ["6.1", "6.12"].map { series in
        do {
            let name = "Fixtures/ipvsadm-linux-\(series)"
            let url = try #require(Bundle.module.url(forResource: name, withExtension: "json"))
            return try JSONDecoder().decode(Capture.self, from: Data(contentsOf: url))
        } catch {
            preconditionFailure("the capture of Linux \(series) can't be read: \(error)")
        }
    }
}

extension [UInt8] {
    /// Bytes from their hexadecimal digits.
    init(hex: String) {
        let digits = Array<Character>(hex)
        precondition(digits.count % 2 == 0)
        self = stride(from: 0, to: digits.count, by: 2).map { index in
            guard let byte = UInt8(String(digits[index...index + 1]), radix: 16) else {
                preconditionFailure("\(hex) is not hexadecimal")
            }
            return byte
        }
    }

    var hex: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

/// The attributes of a message by their path, such as `1.3` for the address in a service, without order and without
/// the bit that marks a nested attribute. It shares no code with what it checks.
struct AttributeTree: Equatable, CustomStringConvertible {
    private(set) var values: [String: String] = [:]

    /// Reads a message, starting with its generic netlink header.
    init(message: [UInt8], nests: Set<UInt16> = [1, 2, 3]) {
        read(message.dropFirst(4), nests: nests, path: "")
    }

    private mutating func read(_ bytes: ArraySlice<UInt8>, nests: Set<UInt16>, path: String) {
        var rest = bytes
        while rest.count >= 4 {
            let start = rest.startIndex
            let length = Int(rest[start]) | Int(rest[start + 1]) << 8
            let type = (UInt16(rest[start + 2]) | UInt16(rest[start + 3]) << 8) & 0x3fff
            precondition(length >= 4 && length <= rest.count, "attribute \(path)\(type) is malformed")
            let value = rest[start + 4..<start + length]
            if nests.contains(type) {
                read(value, nests: [], path: "\(path)\(type).")
            } else {
                precondition(values["\(path)\(type)"] == nil, "attribute \(path)\(type) is there twice")
                values["\(path)\(type)"] = Array(value).hex
            }
            rest = rest.dropFirst((length + 3) & ~3)
        }
        precondition(rest.isEmpty, "stray bytes")
    }

    func without(_ paths: Set<String>) -> AttributeTree {
        var tree = self
        for path in paths { tree.values[path] = nil }
        return tree
    }

    var description: String { values.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ") }
}

extension Request {
    /// The request as it is sent, starting with its generic netlink header.
    var encoded: [UInt8] { encode(command: command) { put(into: &$0) } }
}

/// A message of a command, starting with its generic netlink header.
func encode(command: UInt8, _ body: (inout Message) -> Void) -> [UInt8] {
    guard var message = Message() else { preconditionFailure("no memory") }
    message.begin(type: 0x1c, flags: 0, sequence: 1, port: 2, command: command, version: 1)
    body(&message)
    return message.withBytes { Array($0.dropFirst(16)) }
}
