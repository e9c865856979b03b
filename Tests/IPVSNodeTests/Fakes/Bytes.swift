extension [UInt8] {
    init(littleEndian number: some FixedWidthInteger) {
        self = Swift.withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    init(hex: String) {
        let digits = Array<Character>(hex.filter { $0 != " " })
        self = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    var hex: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    static func attribute(_ type: Int, _ value: [UInt8]) -> [UInt8] {
        let bytes = [UInt8](littleEndian: UInt16(value.count + 4)) + [UInt8](littleEndian: UInt16(type)) + value
        return bytes + [UInt8](repeating: 0, count: -bytes.count & 3)
    }

    /// The values of attributes by their types.
    func attributes(from start: Int) -> [Int: [UInt8]] {
        var found: [Int: [UInt8]] = [:]
        var rest = dropFirst(start)
        while rest.count >= 4 {
            let length = Int(rest.number(UInt16.self, at: 0))
            found[Int(rest.number(UInt16.self, at: 2)) & 0x3fff] = Array(rest.dropFirst(4).prefix(length - 4))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return found
    }
}

extension ArraySlice<UInt8> {
    func number<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type, at offset: Int) -> Value {
        withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
    }
}
