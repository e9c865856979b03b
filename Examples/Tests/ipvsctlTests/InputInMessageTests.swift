import Common
import Testing

@Suite("Input in messages")
struct InputInMessageTests {
    @Test(
        arguments: [
            ("", #""""#), ("rr", #""rr""#), ("é ⇒", #""é ⇒""#), ("a\nb\r\t", #""a\nb\r\t""#),
            ("\u{1b}[31m", #""\u{1b}[31m""#),
            ("\u{0}\u{7f}\u{85}\u{9b}", #""\u{0}\u{7f}\u{85}\u{9b}""#),
            ("\u{202e}\u{2066}\u{200f}", #""\u{202e}\u{2066}\u{200f}""#),
            ("\u{2028}\u{2029}\u{feff}", #""\u{2028}\u{2029}\u{feff}""#),
        ]
    )
    func quoted(text: String, quoted: String) { #expect(text.quoted == quoted) }

    @Test func longTextsAreCutOff() {
        let limit = String(repeating: "x", count: 60)
        #expect(limit.abbreviated == limit)
        #expect((limit + "y").abbreviated == limit + "…")
        #expect(String(repeating: "\n", count: 3_000_000).abbreviated == String(repeating: "\\n", count: 60) + "…")
        #expect("abc".visible(upTo: 2) == "ab…")
    }

    @Test func zones() {
        #expect("fe80::1%eth0".zoneHint == "; IPVS has no zones, so leave out %eth0")
        #expect("[fe80::1%eth0]:80".zoneHint == "; IPVS has no zones, so leave out %eth0")
        for text in ["fe80::1", "100%", "%", ""] { #expect(text.zoneHint.isEmpty) }
    }

    /// All are counted, and the first are reported.
    @Test func manyErrors() {
        var errors = Several<Int>()
        errors += 1...5
        #expect(errors.lines { "\($0)" } == ["1", "2", "3", "4", "5"])
        errors += 6...21
        #expect(errors.lines { "\($0)" } == (1...20).map { "\($0)" } + ["and 1 more error"])
        errors += 22...1_000_000
        #expect(errors.count == 1_000_000 && errors.first.count == 1_000)
        #expect(errors.map { $0 * 2 }.lines { "\($0)" }.last == "and 999980 more errors")
        errors.append(errors) { $0 }
        #expect(errors.count == 2_000_000 && errors.first.count == 1_000)
    }
}
