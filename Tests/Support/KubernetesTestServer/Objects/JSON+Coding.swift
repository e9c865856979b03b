internal import Foundation
internal import NIOCore

extension JSON: Codable {
    /// Any value.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let members = try? value.decode([String: JSON].self) {
            self = .object(members)
        } else if let elements = try? value.decode([JSON].self) {
            self = .array(elements)
        } else if let integer = try? value.decode(Int.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else {
            guard value.decodeNil() else {
                throw DecodingError.dataCorruptedError(in: value, debugDescription: "not a JSON value")
            }
            self = .null
        }
    }

    /// The value as it is.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let bool): try value.encode(bool)
        case .integer(let integer): try value.encode(integer)
        case .number(let number): try value.encode(number)
        case .string(let string): try value.encode(string)
        case .array(let elements): try value.encode(elements)
        case .object(let members): try value.encode(members)
        }
    }
}

extension JSON {
    /// Reads JSON text.
    ///
    /// - Throws: `DecodingError` if the text is not JSON.
    public init(parsing text: some Sequence<UInt8>) throws {
        self = try JSONDecoder().decode(JSON.self, from: Data(text))
    }

    /// Reads JSON text.
    ///
    /// - Throws: `DecodingError` if the text is not JSON.
    public init(parsing text: String) throws { try self.init(parsing: Array(text.utf8)) }

    init(parsing buffer: ByteBuffer) throws { try self.init(parsing: buffer.readableBytesView) }

    /// The value as JSON text.
    public var text: String {
        var text = ""
        write(to: &text)
        return text
    }
}
