import Foundation
import IPVS
import IPVSTestModels
import Testing

@Suite("Address blocks")
struct IPAddressBlockTests {
    @Test(
        "A text is read, and written in its canonical form",
        arguments: [
            ("10.96.0.0/16", "10.96.0.0/16"), ("0.0.0.0/0", "0.0.0.0/0"), ("10.96.0.1/32", "10.96.0.1/32"),
            ("128.0.0.0/1", "128.0.0.0/1"), ("10.96.0.2/31", "10.96.0.2/31"), ("::/0", "::/0"),
            ("FD00:0::/8", "fd00::/8"), ("2001:db8::/64", "2001:db8::/64"),
            ("2001:db8::8000:0:0:0/65", "2001:db8:0:0:8000::/65"),
            ("2001:db8::1/128", "2001:db8::1/128"), ("::ffff:10.0.0.0/104", "::ffff:10.0.0.0/104"),
        ]
    )
    func text(_ text: String, _ canonical: String) throws {
        let block = try #require(IPAddress.Block(text))
        #expect(block.description == canonical)
        #expect(IPAddress.Block(block.description) == block)
        let coded = try JSONEncoder().encode([block])
        #expect(try JSONDecoder().decode([IPAddress.Block].self, from: coded) == [block])
    }

    @Test(
        "Invalid texts are refused",
        arguments: [
            "", "/", "10.96.0.0", "10.96.0.0/", "/16", "10.96.0.0/33", "::/129", "10.96.0.0/256", "10.96.0.0/-1",
            "10.96.0.0/+1",
            "10.96.0.0/08", "10.96.0.0/16/", "10.96.0.0/16 ", " 10.96.0.0/16", "10.96/16", "10.96.0.0/255.255.0.0",
            "[fd00::]/8",
            // Not the first address of its block.
            "10.96.0.1/16", "10.96.0.1/0", "128.0.0.0/0", "10.96.0.3/31", "::1/0", "2001:db8::1/127",
            "2001:db8::8000:0:0:0/64",
        ]
    )
    func refused(_ text: String) { #expect(IPAddress.Block(text) == nil) }

    @Test func anAddressIsInItsBlocksAlone() throws {
        var models = RandomModels(seed: 1)
        for _ in 0..<2_000 {
            let address = models.address(models.family())
            let bits = UInt8(address.bytes.count * 8)
            let length = models.number(0...bits)
            let block = try #require(IPAddress.Block(containing: address, prefixLength: length))
            #expect(block.contains(address))
            #expect(block.contains(block.first))
            #expect(IPAddress.Block(block.description) == block)
            // One bit of the address is flipped: it stays in the block if the bit is not in the prefix.
            let bit = models.number(0...bits - 1)
            var bytes = address.bytes
            bytes[Int(bit / 8)] ^= 0x80 >> (bit % 8)
            let other = try #require(IPAddress(bytes: bytes))
            #expect(block.contains(other) == (bit >= length), "\(other) in \(block)")
        }
    }

    @Test func families() throws {
        let all = try #require(IPAddress.Block("0.0.0.0/0"))
        let all6 = try #require(IPAddress.Block("::/0"))
        #expect(all.contains(IPAddress(10, 0, 0, 1)) && !all6.contains(IPAddress(10, 0, 0, 1)))
        let mapped = try #require(IPAddress("::ffff:10.0.0.1"))
        #expect(!all.contains(mapped) && all6.contains(mapped))
        #expect(IPAddress.Block(containing: IPAddress(10, 0, 0, 1), prefixLength: 33) == nil)
        #expect(IPAddress.Block(containing: mapped, prefixLength: 129) == nil)
        #expect(IPAddress.Block(IPAddress(10, 0, 0, 1)).description == "10.0.0.1/32")
        #expect(IPAddress.Block(mapped).description == "::ffff:10.0.0.1/128")
    }

    @Test func order() {
        let texts = ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "::/0"]
        #expect(texts.reversed().compactMap(IPAddress.Block.init).sorted().map(\.description) == texts)
    }
}
