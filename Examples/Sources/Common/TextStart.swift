import Glibc

/// The byte order mark that some editors write at the start of a text, and its encoding.
package enum TextStart {
    /// The bytes behind a byte order mark at the start of a text. Refuses an encoding of 16 or 32 bits.
    package static func check(_ bytes: ArraySlice<UInt8>) throws(FileError) -> ArraySlice<UInt8> {
        let start = Array(bytes.prefix(4))
        if start == [0xff, 0xfe, 0, 0] || start == [0, 0, 0xfe, 0xff] {
            throw FileError(reason: "is UTF-32; store it as UTF-8")
        }
        // Without a mark, an ASCII character has a byte that is 0.
        let isWide = start.count >= 2 && (start[0] == 0) != (start[1] == 0)
        if isWide || start.starts(with: [0xff, 0xfe]) || start.starts(with: [0xfe, 0xff]) {
            throw FileError(reason: "is UTF-16; store it as UTF-8")
        }
        return bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes
    }

    /// The number of the first line that begins with a byte order mark, as where files were joined.
    package static func lineWithMark(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBytes { bytes in
            var line = 1
            var rest = bytes[...]
            while !rest.starts(with: mark) {
                guard let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress,
                    let found = memchr(start, Int32(UInt8(ascii: "\n")), rest.count)
                else { return nil }
                rest = rest.dropFirst(UnsafeRawPointer(found) - start + 1)
                line += 1
            }
            return line
        }
    }

    private static let mark: [UInt8] = [0xef, 0xbb, 0xbf]
}
