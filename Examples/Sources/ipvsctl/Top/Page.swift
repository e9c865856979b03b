extension Top {
    /// The displayed page: lines of text, with their kinds.
    struct Page: Hashable {
        enum Role { case title, error, heading, service, realServer, help }

        struct Line: Hashable {
            var role: Role
            var text: String
        }

        var lines: [Line] = []
    }

    /// The title, about all servers.
    struct Caption {
        /// The time of day.
        var time: String

        /// The error if the servers can't be read.
        var error: String?
    }

    /// The numbers of columns and lines of a terminal.
    struct Size: Hashable {
        var width: Int
        var height: Int
    }
}

extension Top.Page {
    /// The part that fits on a screen. Moves the view if it is beyond the last row.
    init(_ activity: Top.Activity, _ view: inout Top.View, _ caption: Top.Caption, size: Top.Size) {
        let rows = activity.rows(view)
        let pageRows = Self.rows(on: size, caption)
        view.clamp(rows: rows.count, pageRows: pageRows)
        let layout = Layout(rows, width: size.width, keeping: view.column)
        lines = Self.captionLines(activity, caption)
        lines.append(Line(role: .heading, text: layout.heading(view)))
        lines += rows.dropFirst(view.offset).prefix(pageRows).map(layout.line)
        while lines.count < size.height - 1 { lines.append(Line(role: .realServer, text: "")) }
        let end = min(rows.count, view.offset + pageRows)
        let place = rows.isEmpty ? "" : "  rows \(view.offset + 1) to \(end) of \(rows.count)"
        lines.append(Line(role: .help, text: "q quit  <> or letter: sort  r reverse  ^v scroll\(place)"))
        lines = lines.prefix(size.height).map { line in
            Line(role: line.role, text: line.text.cut(to: size.width))
        }
    }

    /// The whole page with its full width.
    init(_ activity: Top.Activity, _ view: Top.View, _ caption: Top.Caption) {
        let rows = activity.rows(view)
        let layout = Layout(rows, width: nil, keeping: view.column)
        lines = Self.captionLines(activity, caption)
        lines.append(Line(role: .heading, text: layout.heading(view)))
        lines += rows.map(layout.line)
    }

    /// The number of servers that fit on a screen, with the title, the heading, the help, and an error if there is one.
    static func rows(on size: Top.Size, _ caption: Top.Caption) -> Int {
        max(1, size.height - (caption.error == nil ? 3 : 4))
    }

    private static func captionLines(_ activity: Top.Activity, _ caption: Top.Caption) -> [Line] {
        let count = activity.services.count
        let realCount = activity.services.reduce(0) { $0 + $1.realServers.count }
        let counts =
            "\(count) virtual server\(count == 1 ? "" : "s"), \(realCount) real server\(realCount == 1 ? "" : "s")"
        let title = Line(role: .title, text: "ipvsctl top  \(caption.time)  \(counts)")
        return [title] + (caption.error.map { [Line(role: .error, text: $0)] } ?? [])
    }
}

extension Top.Activity {
    /// The rows of all servers in the order of the view.
    fileprivate func rows(_ view: Top.View) -> [(role: Top.Page.Role, row: Row)] {
        sorted(by: view.column, isReversed: view.isReversed).flatMap { service in
            [(.service, service.row)] + service.realServers.map { (.realServer, $0) }
        }
    }
}

/// The columns and their widths.
private struct Layout {
    private let columns: [Top.Column]
    private let nameWidth: Int

    /// All columns if they fit beside the names, otherwise without less important ones.
    init(_ rows: [(role: Top.Page.Role, row: Top.Activity.Row)], width: Int?, keeping column: Top.Column) {
        let longest = rows.reduce(24) { max($0, $1.row.name.count + ($1.role == .realServer ? 2 : 0)) }
        var columns = Top.Column.allCases
        func left(_ width: Int) -> Int { width - columns.reduce(0) { $0 + ($1.width ?? 0) } }
        if let width {
            for dispensable in Top.Column.dispensable where left(width) < longest && dispensable != column {
                columns.removeAll { $0 == dispensable }
            }
            nameWidth = max(1, min(longest, left(width)))
        } else {
            nameWidth = longest
        }
        self.columns = columns
    }

    /// The titles of the columns. The one to sort by is in brackets, as there may be no colors.
    func heading(_ view: Top.View) -> String {
        columns.map { column in
            let title = column == view.column ? "[\(column.title)]" : column.title
            guard let width = column.width else { return title.cut(to: nameWidth).padded(nameWidth) }
            return title.alignedRight(width)
        }.joined()
    }

    func line(_ role: Top.Page.Role, _ row: Top.Activity.Row) -> Top.Page.Line {
        let text = columns.map { column in
            guard let width = column.width else {
                let name = role == .realServer ? "  " + row.name : row.name
                return name.cut(to: nameWidth).padded(nameWidth)
            }
            return column.text(row).alignedRight(width)
        }
        return Top.Page.Line(role: role, text: text.joined())
    }
}

extension String {
    /// The beginning of the text that fits, with a sign if something is left out.
    fileprivate func cut(to width: Int) -> String { count <= width ? self : prefix(max(0, width - 1)) + "~" }

    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    fileprivate func alignedRight(_ width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}
