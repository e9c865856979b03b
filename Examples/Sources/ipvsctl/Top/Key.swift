extension Top {
    /// A key.
    enum Key: Hashable {
        case character(Character)
        case up, down, left, right, pageUp, pageDown, home, end
        /// Ctrl-C.
        case interrupt
        /// Ctrl-Z.
        case suspend
    }

    /// Decodes keys from the bytes that a terminal sends.
    struct KeyReader {
        /// The beginning of an incomplete sequence.
        private var pending: [UInt8] = []

        private static let escape: UInt8 = 0x1b

        /// Returns the keys that these bytes complete, without keys that are not used here.
        mutating func read(_ bytes: [UInt8]) -> [Key] { bytes.compactMap { read($0) } }

        private mutating func read(_ byte: UInt8) -> Key? {
            if byte == Self.escape {
                pending = [byte]
                return nil
            }
            switch pending.count {
            case 0: return Self.plain(byte)
            case 1:
                // ESC [ or ESC O begins a sequence. Before any other byte, ESC was a key.
                guard byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") else {
                    pending = []
                    return Self.plain(byte)
                }
                pending.append(byte)
                return nil
            default:
                guard (0x40...0x7e).contains(byte) else {
                    // Parameters; terminals send few of them.
                    if pending.count < 16 { pending.append(byte) } else { pending = [] }
                    return nil
                }
                defer { pending = [] }
                return Self.special(parameters: pending.dropFirst(2), end: byte)
            }
        }

        private static func plain(_ byte: UInt8) -> Key? {
            switch byte {
            case 0x03: .interrupt
            case 0x1a: .suspend
            case 0x20..<0x7f: .character(Character(UnicodeScalar(byte)))
            default: nil
            }
        }

        private static func special(parameters: ArraySlice<UInt8>, end: UInt8) -> Key? {
            switch (UnicodeScalar(end), String(decoding: parameters, as: UTF8.self)) {
            case ("A", ""): .up
            case ("B", ""): .down
            case ("C", ""): .right
            case ("D", ""): .left
            case ("H", ""), ("~", "1"), ("~", "7"): .home
            case ("F", ""), ("~", "4"), ("~", "8"): .end
            case ("~", "5"): .pageUp
            case ("~", "6"): .pageDown
            default: nil
            }
        }
    }
}
