/// A hash that is the same in all processes (FNV-1a). It tells what others have changed by accident, not what they hide.
struct StableHash {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Adds bytes, and how many they are.
    mutating func combine(_ bytes: some Collection<UInt8>) {
        for byte in bytes { add(byte) }
        for shift in stride(from: 0, to: 32, by: 8) { add(UInt8(truncatingIfNeeded: bytes.count >> shift)) }
    }

    private mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    /// The hash of some texts.
    static func of(_ texts: [String]) -> UInt64 {
        var hash = Self()
        for text in texts { hash.combine(text.utf8) }
        return hash.value
    }
}
