import Testing

@testable import ipvsctl

@Suite("Keys")
struct KeyTests {
    private func keys(_ pieces: String...) -> [Top.Key] {
        var reader = Top.KeyReader()
        return pieces.flatMap { reader.read(Array($0.utf8)) }
    }

    @Test("Letters, arrows in both forms, and pages")
    func keys() {
        #expect(keys("aQ\u{3}\u{1a}") == [.character("a"), .character("Q"), .interrupt, .suspend])
        #expect(keys("\u{1b}[A\u{1b}[B\u{1b}[C\u{1b}[D") == [.up, .down, .right, .left])
        #expect(keys("\u{1b}OA\u{1b}OB\u{1b}OC\u{1b}OD") == [.up, .down, .right, .left])
        #expect(keys("\u{1b}[5~\u{1b}[6~") == [.pageUp, .pageDown])
        #expect(keys("\u{1b}[H\u{1b}[1~\u{1b}[7~\u{1b}OH") == [.home, .home, .home, .home])
        #expect(keys("\u{1b}[F\u{1b}[4~\u{1b}[8~\u{1b}OF") == [.end, .end, .end, .end])
    }

    @Test("A sequence that arrives in pieces, and unknown sequences")
    func pieces() {
        #expect(keys("\u{1b}", "[", "B", "x") == [.down, .character("x")])
        #expect(keys("\u{1b}[5", "~q") == [.pageUp, .character("q")])
        // ESC alone, then a key; two of them; unknown sequences; other control characters; not ASCII.
        #expect(keys("\u{1b}q") == [.character("q")])
        #expect(keys("\u{1b}\u{1b}[A") == [.up])
        #expect(keys("\u{1b}[15~\u{1b}[1;5A\u{1b}[Z\u{1}\n\u{7f}é") == [])
        #expect(keys("\u{1b}[" + String(repeating: "1", count: 100) + "q").last == .character("q"))
    }

    @Test("Keys sort, reverse, scroll and quit")
    func view() {
        var view = Top.View()
        for column in Top.Column.allCases {
            #expect(view.press(.character(column.key), pageRows: 5) == nil)
            #expect(view.column == column)
        }
        _ = view.press(.right, pageRows: 5)
        #expect(view.column == .name)
        _ = view.press(.left, pageRows: 5)
        #expect(view.column == .bytesOut)
        _ = view.press(.character("r"), pageRows: 5)
        #expect(view.isReversed)
        _ = view.press(.down, pageRows: 5)
        _ = view.press(.pageDown, pageRows: 5)
        #expect(view.offset == 6)
        _ = view.press(.up, pageRows: 5)
        _ = view.press(.pageUp, pageRows: 5)
        #expect(view.offset == 0)
        _ = view.press(.up, pageRows: 5)
        #expect(view.offset == 0)
        _ = view.press(.end, pageRows: 5)
        view.clamp(rows: 12, pageRows: 5)
        #expect(view.offset == 7)
        _ = view.press(.pageDown, pageRows: 5)
        view.clamp(rows: 12, pageRows: 5)
        #expect(view.offset == 7)
        view.clamp(rows: 3, pageRows: 5)
        #expect(view.offset == 0)
        for key in [Top.Key.character("q"), .character("Q"), .interrupt] {
            #expect(view.press(key, pageRows: 5) == .quit)
        }
        #expect(view.press(.suspend, pageRows: 5) == .suspend)
        let before = view
        #expect(view.press(.character("?"), pageRows: 5) == nil)
        #expect(view == before)
    }
}
