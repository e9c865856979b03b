import Glibc
import IPVS

extension Compatible {
    /// ipvsadm's order of listings.
    ///
    /// It compares the difference of two numbers, truncated to a signed 32-bit integer. So 192.0.2.1 can come before
    /// 10.0.0.1, and the order can depend on that of the kernel. The same listing therefore requires the same
    /// comparison and the same sorting function, that of the C library.
    enum Order {
        static func sorted(_ services: [VirtualServer.Status]) -> [VirtualServer.Status] {
            sorted(services) { Key($0.server.id) }
        }

        static func sorted(_ realServers: [RealServer.Status]) -> [RealServer.Status] {
            sorted(realServers) { Key($0.server.endpoint) }
        }

        private static func sorted<Element>(_ elements: [Element], by key: (Element) -> Key) -> [Element] {
            var keys = elements.enumerated().map { index, element in
                var key = key(element)
                key.index = index
                return key
            }
            qsort(&keys, keys.count, MemoryLayout<Key>.stride) { left, right in
                guard let left, let right else { return 0 }
                return left.load(as: Key.self).difference(from: right.load(as: Key.self))
            }
            return keys.map { elements[$0.index] }
        }
    }
}

/// The properties of an entry that ipvsadm compares.
private struct Key {
    var mark: UInt32 = 0
    var family: UInt32 = 0
    var transport: UInt32 = 0
    // Only the first word of an IPv4 address.
    var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    var isIPv6 = false
    var port: UInt32 = 0
    var index = 0

    private init() {}

    init(_ id: VirtualServer.Identity) {
        switch id {
        case .endpoint(let transport, let endpoint):
            self.init(endpoint)
            self.transport = UInt32(transport.rawValue)
        case .firewallMark(let mark, _):
            self.init()
            self.mark = mark
        }
        family = UInt32(id.family.rawValue)
    }

    /// The family of real servers is not compared.
    init(_ endpoint: Endpoint) {
        let bytes = endpoint.address.bytes + [UInt8](repeating: 0, count: 12)
        func word(_ index: Int) -> UInt32 { bytes[index * 4..<index * 4 + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        words = (word(0), word(1), word(2), word(3))
        isIPv6 = endpoint.address.family == .ipv6
        port = UInt32(endpoint.port)
    }

    func difference(from other: Key) -> Int32 {
        func difference(_ one: UInt32, _ other: UInt32) -> Int32? {
            one == other ? nil : Int32(bitPattern: one &- other)
        }
        return difference(mark, other.mark) ?? difference(family, other.family)
            ?? difference(transport, other.transport) ?? difference(words.0, other.words.0)
            ?? (isIPv6 ? difference(words.1, other.words.1) : nil)
            ?? (isIPv6 ? difference(words.2, other.words.2) : nil)
            ?? (isIPv6 ? difference(words.3, other.words.3) : nil)
            ?? difference(port, other.port) ?? 0
    }
}
