import IPVS
import Testing
import VisibleText

@Suite("Input in errors")
struct InputInErrorTests {
    @Test("A text is quoted without control characters, and cut off")
    func quoted() {
        #expect("rr".quoted == #""rr""#)
        #expect("a\u{1b}[31m\n\u{202e}\u{2028}é".quoted == #""a\u{1b}[31m\u{a}\u{202e}\u{2028}é""#)
        let long = String(repeating: "x", count: 3_000_000).quoted
        #expect(long == "\"" + String(repeating: "x", count: 60) + "…\"")
    }

    @Test("An error repeats at most the start of a name")
    func longName() throws {
        var server = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80))
        server.scheduler = Scheduler(rawValue: String(repeating: "\u{1b}", count: 1_000_000))
        let error = try #require(Table.Entry(server).invalidValues.first)
        #expect(error.description.hasPrefix(#"can't add virtual server TCP 10.96.0.1:80: scheduler "\u{1b}\u{1b}"#))
        #expect(error.description.utf8.count < 1_000 && !error.description.contains("\u{1b}"))
    }
}
