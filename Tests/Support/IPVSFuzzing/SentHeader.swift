/// What the header of a request says about its answers.
struct SentHeader: Sendable {
    let type: UInt16
    let sequence: UInt32

    /// The length of a netlink header.
    static let length = 16

    /// The headers of all requests that are sent at once.
    static func all(in bytes: UnsafeRawBufferPointer) -> [SentHeader] {
        var headers: [SentHeader] = []
        var start = 0
        while bytes.count - start >= length {
            headers.append(
                SentHeader(
                    type: bytes.loadUnaligned(fromByteOffset: start + 4, as: UInt16.self),
                    sequence: bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self)
                )
            )
            let size = Int(bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
            start += max(length, (size + 3) & ~3)
        }
        return headers
    }
}

extension [UInt8] {
    /// Makes the messages of a datagram look like answers to requests: their headers get the port, and a length that fits.
    ///
    /// Of several requests, the number in place of the sequence number chooses one. The types below 16 are netlink's own, such as
    /// `NLMSG_ERROR`, and are left as they are.
    ///
    /// - Parameters:
    ///   - requests: The requests.
    ///   - port: The port of the socket.
    ///   - replyType: The type of replies to requests of a type.
    mutating func answer(_ requests: [SentHeader], port: UInt32, replyType: (UInt16) -> UInt16) {
        guard !requests.isEmpty else { return }
        withUnsafeMutableBytes { bytes in
            var start = 0
            while bytes.count - start >= SentHeader.length {
                let left = bytes.count - start
                var size = Int(bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
                if !(SentHeader.length...left).contains(size) { size = left }
                let number = Int(bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt32.self))
                let request = requests[number % requests.count]
                bytes.storeBytes(of: UInt32(size), toByteOffset: start, as: UInt32.self)
                if bytes.loadUnaligned(fromByteOffset: start + 4, as: UInt16.self) >= 16 {
                    bytes.storeBytes(of: replyType(request.type), toByteOffset: start + 4, as: UInt16.self)
                }
                bytes.storeBytes(of: request.sequence, toByteOffset: start + 8, as: UInt32.self)
                bytes.storeBytes(of: port, toByteOffset: start + 12, as: UInt32.self)
                start += (size + 3) & ~3
            }
        }
    }
}
