import ArgumentParser
import Common
import IPVS

/// A duration whose text is that of Go.
struct GoDuration: Hashable, Encodable, Sendable {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init(argument: String) throws(ValidationError) { duration = try Duration(argument: argument) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(duration.goText)
    }
}

extension IdleTimeout: Encodable {
    func encode(to encoder: any Encoder) throws { try GoDuration(.seconds(Int64(seconds))).encode(to: encoder) }
}

extension Duration {
    /// The duration in Go's format: `1h0m0s`, `1.5s` or `250ms`.
    var goText: String {
        let (seconds, attoseconds) = components
        let nanoseconds = attoseconds / 1_000_000_000
        guard seconds > 0 else {
            for (unit, size) in [("ms", 1_000_000), ("µs", 1_000), ("ns", 1)] as [(String, Int64)]
            where nanoseconds >= size {
                return "\(Self.decimal(nanoseconds / size, nanoseconds % size, of: size))\(unit)"
            }
            return "0s"
        }
        let rest = "\(Self.decimal(seconds % 60, nanoseconds, of: 1_000_000_000))s"
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60)
        if hours > 0 { return "\(hours)h\(minutes)m\(rest)" }
        return minutes > 0 ? "\(minutes)m\(rest)" : rest
    }

    /// A number with the digits of a fraction, without zeros at the end.
    private static func decimal(_ whole: Int64, _ part: Int64, of size: Int64) -> String {
        guard part > 0 else { return "\(whole)" }
        // The digits after the one in front, which keeps their zeros.
        let digits = String(size + part).dropFirst()
        return "\(whole).\(String(digits.reversed().drop { $0 == "0" }.reversed()))"
    }
}

/// Blocks whose text has commas between them.
struct BlockList: Hashable, Encodable, Sendable {
    var blocks: [IPAddress.Block] = []

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(blocks.map(\.description).joined(separator: ","))
    }
}

/// On which of the node's addresses node ports are served.
enum NodePortRange: Hashable, Encodable, Sendable {
    case block(IPAddress.Block)
    /// The node's main address of each family.
    case primary
    /// Loopback addresses, which never have node ports in IPVS mode.
    case localhost
    case all

    private static let keywords: KeyValuePairs<String, Self> = [
        "primary": .primary, "localhost": .localhost, "all": .all,
    ]

    init(argument: String) throws(ValidationError) {
        if let keyword = Self.keywords.first(where: { $0.key == argument })?.value {
            self = keyword
        } else {
            self = .block(try IPAddress.Block(argument: argument))
        }
    }

    /// The texts of an option, with commas between them.
    static func list(argument: String) throws(ValidationError) -> [Self] {
        let texts = argument.split(separator: ",", omittingEmptySubsequences: false)
        return try texts.map { text throws(ValidationError) in try Self(argument: String(text)) }
    }

    /// The blocks of a node with main addresses.
    func blocks(_ primary: [IPAddress]) -> [IPAddress.Block] {
        switch self {
        case .block(let block): [block]
        case .primary: primary.map { IPAddress.Block($0) }
        case .localhost: ["127.0.0.0/8", "::1/128"].compactMap { IPAddress.Block($0) }
        case .all: ["0.0.0.0/0", "::/0"].compactMap { IPAddress.Block($0) }
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .block(let block): try container.encode(block.description)
        default: try container.encode(Self.keywords.first { $0.value == self }?.key ?? "")
        }
    }
}

/// An address to serve HTTP on, or none.
struct ServingAddress: Hashable, Encodable, Sendable {
    let endpoint: Endpoint?

    static let healthzPort: UInt16 = 10_256
    static let metricsPort: UInt16 = 10_249

    init(_ endpoint: Endpoint?) { self.endpoint = endpoint }

    /// Reads an address with or without a port. Nothing, `none` and the port 0 stand for none.
    ///
    /// - Parameters:
    ///   - argument: The text.
    ///   - port: The port of an address without one.
    /// - Throws: `ValidationError` for another text.
    init(argument: String, port: UInt16) throws(ValidationError) {
        if let address = IPAddress(argument) {
            endpoint = port == 0 ? nil : Endpoint(address, port)
        } else if let endpoint = Endpoint(argument) {
            self.endpoint = endpoint.port == 0 ? nil : endpoint
        } else {
            guard ["none", ""].contains(argument) else {
                throw ValidationError(
                    "it must be none, or an address with or without a port, such as 127.0.0.1:10249 or "
                        + "[::1]:10249\(argument.zoneHint)"
                )
            }
            endpoint = nil
        }
    }

    /// A file can't say none but with the port 0, as an empty text is the default there.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(endpoint?.description ?? "0.0.0.0:0")
    }
}
