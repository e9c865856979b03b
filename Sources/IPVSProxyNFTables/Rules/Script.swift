import IPVS
import IPVSProxy

/// A script in nft's language, as bytes: one for thousands of elements takes less time than the kernel needs for them.
struct Script {
    private(set) var bytes: [UInt8] = []

    /// The family and the name of the table, as commands have it.
    let table: String

    /// An empty script for a table.
    init(table name: String) { table = "inet \(name)" }

    var isEmpty: Bool { bytes.isEmpty }

    /// Empties it and keeps its memory.
    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Appends a line.
    mutating func line(_ text: String) {
        bytes += text.utf8
        bytes.append(.newline)
    }

    /// Appends a command for an object of the table: `verb`, the table, and the rest.
    mutating func command(_ verb: String, _ rest: String) { line("\(verb) \(table) \(rest)") }

    /// Appends rules to a chain.
    mutating func rules(_ chain: String, _ rules: [String]) {
        for rule in rules { command("add rule", "\(chain) \(rule)") }
    }

    /// Appends a command that adds or deletes elements of one set, each on a line of its own, as errors quote the line.
    mutating func elements(
        _ verb: String,
        _ set: NamedSet,
        _ elements: some Sequence<PacketRules.Element>,
        valued: Bool
    ) {
        bytes += "\(verb) element \(table) \(set.name) {\n".utf8
        for element in elements {
            put(element.key)
            if valued { put(element.value) }
            bytes.append(.comma)
            bytes.append(.newline)
        }
        line("}")
    }
}

extension Script {
    private mutating func put(_ key: PacketRules.Key) {
        switch key {
        case .clusterIP(let destination), .external(let destination), .local(let destination),
            .redirect(let destination), .unserved(let destination), .refused(let destination),
            .restricted(let destination):
            put(destination.endpoint.address)
            separate()
            put(destination.transport)
            separate()
            put(decimal: destination.endpoint.port)
        case .address(let address): put(address)
        case .hairpin(let address):
            put(address)
            separate()
            put(address)
        case .healthCheckPort(let port): put(decimal: port)
        }
    }

    private mutating func put(_ value: PacketRules.Value) {
        switch value {
        case .none: break
        case .endpoint(let endpoint):
            bytes += " : ".utf8
            put(endpoint.address)
            separate()
            put(decimal: endpoint.port)
        case .sourceRanges(let name):
            bytes += " : jump ".utf8
            bytes += Names.chain(of: name).utf8
        }
    }

    private mutating func separate() {
        bytes.append(.space)
        bytes.append(.period)
        bytes.append(.space)
    }

    private mutating func put(_ transport: TransportProtocol) {
        switch transport {
        case .tcp: bytes += "tcp".utf8
        case .udp: bytes += "udp".utf8
        case .sctp: bytes += "sctp".utf8
        default: put(decimal: transport.rawValue)
        }
    }

    private mutating func put(decimal number: UInt16) {
        var divisor: UInt16 = 10_000
        while divisor > 1, number < divisor { divisor /= 10 }
        while divisor > 0 {
            bytes.append(.zero + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private mutating func put(_ address: IPAddress) {
        switch address.family {
        case .ipv4:
            for shift: UInt64 in [56, 48, 40, 32] {
                if shift < 56 { bytes.append(.period) }
                put(decimal: UInt16(address.high >> shift & 0xff))
            }
        case .ipv6:
            // All eight groups: a shorter form would take longer to write, and no less to read.
            for (half, isFirst) in [(address.high, true), (address.low, false)] {
                for shift: UInt64 in [48, 32, 16, 0] {
                    if !isFirst || shift < 48 { bytes.append(.colon) }
                    put(hexadecimal: UInt16(half >> shift & 0xffff))
                }
            }
        }
    }

    private mutating func put(hexadecimal number: UInt16) {
        var shift: UInt16 = 12
        while shift > 0, number >> shift == 0 { shift -= 4 }
        while true {
            let digit = UInt8(number >> shift & 0xf)
            bytes.append(digit < 10 ? .zero + digit : .a + (digit - 10))
            guard shift > 0 else { return }
            shift -= 4
        }
    }
}

extension UInt8 {
    fileprivate static let (newline, space, comma, period) = (UInt8(0x0a), UInt8(0x20), UInt8(0x2c), UInt8(0x2e))
    fileprivate static let (zero, colon, a) = (UInt8(0x30), UInt8(0x3a), UInt8(0x61))
}

extension Script {
    /// Calls `body` with the bytes and a NUL behind them.
    mutating func withTerminated<Result, Failure: Error>(
        _ body: ([UInt8]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        bytes.append(0)
        defer { bytes.removeLast() }
        return try body(bytes)
    }
}
