extension Top {
    /// The displayed part of the table, and how keys change it.
    struct View: Hashable {
        var column = Column.connections
        var isReversed = false

        /// The number of rows above the first displayed one.
        var offset = 0

        /// The action of a key besides displaying the rows again.
        enum Command { case quit, suspend }

        /// Handles a key on a page with a number of rows.
        mutating func press(_ key: Key, pageRows: Int) -> Command? {
            switch key {
            case .character("q"), .character("Q"), .interrupt: return .quit
            case .suspend: return .suspend
            case .character("r"): isReversed.toggle()
            case .left: step(by: -1)
            case .right: step(by: 1)
            case .up, .character("k"): offset -= 1
            case .down, .character("j"): offset += 1
            case .pageUp: offset -= pageRows
            case .pageDown, .character(" "): offset += pageRows
            case .home, .character("g"): offset = 0
            case .end, .character("G"): offset = .max / 2
            case .character(let character):
                guard let column = Column.allCases.first(where: { $0.key == character }) else { break }
                self.column = column
            }
            offset = max(0, offset)
            return nil
        }

        /// Keeps the last page full if there are enough rows.
        mutating func clamp(rows: Int, pageRows: Int) { offset = max(0, min(offset, rows - pageRows)) }

        private mutating func step(by distance: Int) {
            let columns = Column.allCases
            let place = columns.firstIndex(of: column) ?? 0
            column = columns[(place + distance + columns.count) % columns.count]
        }
    }
}
