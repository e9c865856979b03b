import IPVS
import IPVSTestModels
import Testing

@Suite("IP addresses")
struct IPAddressTests {
    @Test(
        "A text is read, and written in its canonical form",
        arguments: [
            // IPv4
            ("0.0.0.0", "0.0.0.0"),
            ("255.255.255.255", "255.255.255.255"),
            ("10.96.0.1", "10.96.0.1"),
            // RFC 5952, section 4.1: no leading zeros
            ("2001:0db8::0001", "2001:db8::1"),
            ("2001:db8:000a:00b0:0c00:1:0001:0010", "2001:db8:a:b0:c00:1:1:10"),
            // 4.2.1: as short as possible
            ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
            ("2001:db8::0:1", "2001:db8::1"),
            ("0:0:0:0:0:0:0:0", "::"),
            ("0:0:0:0:0:0:0:1", "::1"),
            ("0000:0000:0000:0000:0000:0000:0000:0001", "::1"),
            ("1:0:0:0:0:0:0:0", "1::"),
            // 4.2.2: a single zero is not shortened
            ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            // 4.2.3: the longest run is shortened, the first of equal ones
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("0:0:1:0:0:1:0:0", "::1:0:0:1:0:0"),
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
            // 4.3: lower case
            ("2001:DB8::ABCD:EF", "2001:db8::abcd:ef"),
            ("FE80::1", "fe80::1"),
            // 5: addresses that contain an IPv4 address
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
            ("::FFFF:C000:0201", "::ffff:192.0.2.1"),
            ("::ffff:0:0", "::ffff:0.0.0.0"),
            ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            // Zero tails
            ("2001:db8::", "2001:db8::"),
            ("2001:db8:0:0:0:0:0:0", "2001:db8::"),
            ("0a00:0001::", "a00:1::"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] as [(String, String)]
    )
    func canonical(text: String, expected: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == expected)
        #expect(IPAddress(expected) == address)
    }

    @Test(
        "Invalid addresses are refused",
        arguments: [
            "", " ", ":", ":::", ".", "...", "localhost", "example.org",
            "10.0.0", "10.1", "10", "167772161", "0x0a000001", "0xa.0.0.1", "10.0.0.0.1", "10.0.0.1.", ".10.0.0.1",
            "10..0.1", "10.0.0.256", "10.0.0.-1", "10.0.0.+1", "10.0.0.1 ", " 10.0.0.1", "10.0.0.1\n",
            "010.0.0.1", "10.00.0.1", "10.0.0.01", "10.0.0.08",
            "10.0.0.1/24", "10.0.0.1:80", "10.0.0.\u{661}", "10.0.0.1\u{301}",
            "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "1::2::3", ":1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:", "::12345", "::00001", "::g", "::-1", "::+1", ":: 1", "::1 ", " ::1",
            "::1%lo", "fe80::1%eth0", "fe80::1%2", "[::1]", "::1/64", "[::1]:80",
            "::10.0.0", "::10.0.0.256", "::ffff:010.0.0.1", "10.0.0.1::", "1:2:3:4:5:6:7:10.0.0.1", "::ffff:10.0.0.1:1",
        ]
    )
    func refused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("A NUL does not end a text")
    func nul() {
        for text in ["10.0.0.1\0", "10.0.0.1\0.5", "\0", "\010.0.0.1", "::1\0", "::1\0%lo"] {
            #expect(IPAddress(text) == nil)
        }
    }

    @Test("An IPv6 address never equals the IPv4 address that its bytes resemble")
    func families() throws {
        let mapped = try #require(IPAddress("::ffff:10.0.0.1"))
        let tail = try #require(IPAddress("a00:1::"))
        let plain = IPAddress(10, 0, 0, 1)
        #expect(mapped.family == .ipv6)
        #expect(tail.family == .ipv6)
        #expect(plain.family == .ipv4)
        #expect(Set([mapped, tail, plain]).count == 3)
        #expect(IPAddress("::") != IPAddress("0.0.0.0"))
        #expect(mapped.bytes == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1])
        #expect(tail.bytes == [10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(plain.bytes == [10, 0, 0, 1])
    }

    @Test("Bytes, numbers and texts give the same address")
    func initializers() {
        #expect(IPAddress(192, 0, 2, 1) == IPAddress("192.0.2.1"))
        #expect(IPAddress(ipv4: 0x7f00_0001) == IPAddress("127.0.0.1"))
        #expect(IPAddress(bytes: [192, 0, 2, 1]) == IPAddress("192.0.2.1"))
        #expect(
            IPAddress(bytes: [0x20, 1, 0x0d, 0xb8] + Array(repeating: 0, count: 11) + [9]) == IPAddress("2001:db8::9")
        )
        #expect(IPAddress(bytes: 1...16) == IPAddress("102:304:506:708:90a:b0c:d0e:f10"))
        for count in 0...20 where count != 4 && count != 16 {
            #expect(IPAddress(bytes: Array(repeating: 1, count: count)) == nil)
        }
    }

    @Test(
        "Small IPv6 addresses are written as IPv6 addresses",
        arguments: ["::1:2", "::ffff:ffff", "::1:0", "::a:b", "::ffff", "::1", "::", "::1:0:0", "::ffff:0.0.0.1"]
    )
    func small(text: String) {
        #expect(IPAddress(text)?.description == text)
    }

    @Test("Addresses are ordered by family, then by number")
    func order() {
        let texts = ["0.0.0.0", "9.255.255.255", "10.0.0.1", "255.255.255.255", "::", "::1", "1::", "1::1", "ff02::1"]
        let addresses = texts.compactMap(IPAddress.init(_:))
        #expect(addresses.count == texts.count)
        #expect(addresses.reversed().sorted() == addresses)
    }

    @Test("The text of random addresses follows RFC 5952", arguments: 1...4)
    func random(seed: UInt64) {
        var models = RandomModels(seed: seed)
        for _ in 0..<2_000 {
            let address = models.address(.ipv6)
            let bytes = address.bytes
            // Those that contain an IPv4 address have a rule of their own.
            if bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] { continue }
            #expect(address.description == Self.reference(bytes))
            #expect(IPAddress(Self.long(bytes)) == address)
            #expect(IPAddress(bytes: bytes) == address)
        }
    }

    private static func words(_ bytes: [UInt8]) -> [Int] {
        (0..<8).map { Int(bytes[$0 * 2]) << 8 | Int(bytes[$0 * 2 + 1]) }
    }

    /// All the digits, in upper case.
    private static func long(_ bytes: [UInt8]) -> String {
        words(bytes).map { String(0x10000 + $0, radix: 16, uppercase: true).dropFirst() }.joined(separator: ":")
    }

    /// An independent way to the form of RFC 5952: of all texts with one run of zeros omitted, the shortest and first.
    private static func reference(_ bytes: [UInt8]) -> String {
        let words = words(bytes)
        var best = 0..<0
        for start in 0..<8 {
            for end in start..<9 where words[start..<end].allSatisfy({ $0 == 0 }) && end - start > max(best.count, 1) {
                best = start..<end
            }
        }
        func hex(_ part: ArraySlice<Int>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty ? hex(words[...]) : hex(words[..<best.lowerBound]) + "::" + hex(words[best.upperBound...])
    }
}
