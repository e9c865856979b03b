import VisibleText

/// An error in a line of the kernel's connection table.
struct MalformedLine: Error, Hashable {
    var problem: String
}

extension ConnectionEntries.Detail {
    /// Checks the first line, which has the names of the columns.
    func checkHeader(_ line: Span<UInt8>) throws(MalformedLine) {
        let expected = ["Pro", "FromIP", "FPrt", "ToIP", "TPrt", "DestIP", "DPrt", "State"] + columns
        var words = WordCursor()
        for name in expected where words.text(in: line) != name {
            throw MalformedLine(problem: "it does not name the column \(name)")
        }
    }

    /// The columns that only this file has. PEName and PEData are not required, as kernels before 2.6.39 lack them.
    private var columns: [String] {
        switch self {
        case .persistence: ["Expires"]
        case .origin: ["Origin", "Expires"]
        }
    }
}

extension ConnectionEntry {
    /// Parses a line without its line break: words separated by spaces, with hexadecimal numbers except for the last
    /// one.
    init(_ line: Span<UInt8>, _ detail: ConnectionEntries.Detail) throws(MalformedLine) {
        var words = WordCursor()
        transport = try words.value("protocol", in: line, TransportProtocol.init(kernelName:))
        client = try words.endpoint("client's", in: line)
        virtualServer = try words.endpoint("virtual server's", in: line)
        realServer = try words.endpoint("real server's", in: line)
        state = try words.value("state", in: line) { State(rawValue: String(utf8: $0)) }
        if detail == .origin {
            origin = try words.value("origin", in: line) { Origin(rawValue: String(utf8: $0)) }
        }
        secondsLeft = try words.value("expiry", in: line, UInt32.init(seconds:))
        guard let rest = words.rest(in: line) else { return }
        guard detail == .persistence, let engine = words.text(in: line), let data = words.rest(in: line) else {
            throw MalformedLine(problem: "something follows the expiry: \(String(utf8: line.extracting(rest)).quoted)")
        }
        persistence = PersistenceData(
            engine: PersistenceEngine(rawValue: engine),
            data: String(utf8: line.extracting(data))
        )
    }
}

/// Iterates over the words of a line. It holds a position, not bytes, so it can be stored where a span can't.
private struct WordCursor {
    private var offset = 0

    /// The next word as a string, or nil at the end of the line.
    mutating func text(in line: Span<UInt8>) -> String? {
        next(in: line).map { String(utf8: line.extracting($0)) }
    }

    /// The next word as a value.
    mutating func value<Value>(
        _ name: String,
        in line: Span<UInt8>,
        _ read: (Span<UInt8>) -> Value?
    ) throws(MalformedLine) -> Value {
        guard let range = next(in: line) else { throw MalformedLine(problem: "the \(name) is missing") }
        guard let value = read(line.extracting(range)) else {
            throw MalformedLine(problem: "the \(name) is \(String(utf8: line.extracting(range)).quoted)")
        }
        return value
    }

    /// The next two words as an endpoint.
    mutating func endpoint(_ owner: String, in line: Span<UInt8>) throws(MalformedLine) -> Endpoint {
        let address = try value("\(owner) address", in: line, IPAddress.init(hexadecimal:))
        return Endpoint(address, try value("\(owner) port", in: line) { UInt16(hexadecimal: $0, digits: 4) })
    }

    /// The rest of the line after the space that follows the last word, or nil if that was the last word of the line.
    func rest(in line: Span<UInt8>) -> Range<Int>? {
        offset < line.count ? offset + 1..<line.count : nil
    }

    private mutating func next(in line: Span<UInt8>) -> Range<Int>? {
        let space = UInt8(ascii: " ")
        var start = offset
        while start < line.count, line[start] == space { start += 1 }
        var end = start
        while end < line.count, line[end] != space { end += 1 }
        offset = end
        return start < end ? start..<end : nil
    }
}

extension TransportProtocol {
    /// The protocol with a name that the kernel uses.
    fileprivate init?(kernelName word: Span<UInt8>) {
        switch String(utf8: word) {
        case "TCP": self = .tcp
        case "UDP": self = .udp
        case "SCTP": self = .sctp
        case "IP": self.init(rawValue: 0)
        case "ICMP": self.init(rawValue: 1)
        case "ICMPv6": self.init(rawValue: 58)
        case let name:
            guard name.hasPrefix("IP_"), let number = UInt16(plain: name.dropFirst(3)) else { return nil }
            self.init(rawValue: number)
        }
    }
}

extension IPAddress {
    /// Parses the number of an IPv4 address, or the eight groups of an IPv6 address, each with all digits.
    fileprivate init?(hexadecimal word: Span<UInt8>) {
        if word.count == 8 {
            guard let number = UInt32(hexadecimal: word, digits: 8) else { return nil }
            self.init(ipv4: number)
            return
        }
        guard word.count == 39 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for group in 0..<8 {
            let start = group * 5
            guard group == 7 || word[start + 4] == UInt8(ascii: ":"),
                let number = UInt16(hexadecimal: word.extracting(start..<start + 4), digits: 4)
            else { return nil }
            if group < 4 {
                words.0 = words.0 << 16 | UInt64(number)
            } else {
                words.1 = words.1 << 16 | UInt64(number)
            }
        }
        self.init(family: .ipv6, high: words.0, low: words.1)
    }
}

extension FixedWidthInteger {
    /// Parses a number with a fixed number of hexadecimal digits.
    fileprivate init?(hexadecimal word: Span<UInt8>, digits: Int) {
        guard word.count == digits else { return nil }
        self = 0
        for index in word.indices {
            let digit: UInt8
            switch word[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = word[index] - UInt8(ascii: "0")
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = word[index] - UInt8(ascii: "A") + 10
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = word[index] - UInt8(ascii: "a") + 10
            default: return nil
            }
            self = self << 4 | Self(digit)
        }
    }
}

extension UInt32 {
    /// Parses the remaining seconds of an entry. Old kernels show an entry that is just expiring as a negative number
    /// without its sign.
    fileprivate init?(seconds word: Span<UInt8>) {
        guard let number = UInt64(plain: String(utf8: word)) else { return nil }
        self = UInt32(exactly: number) ?? 0
    }
}

extension String {
    /// A string of bytes. Those that are not UTF-8 become U+FFFD.
    init(utf8 bytes: Span<UInt8>) {
        self = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
