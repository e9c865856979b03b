extension String {
    /// The name that was probably meant if this is a misspelled one, or nil if none of the names is near.
    package func nearest(of names: some Sequence<String>) -> String? {
        let ranked = names.compactMap { name in distance(to: name).map { (name: name, distance: $0) } }
        return ranked.min { $0.distance < $1.distance }?.name
    }

    /// The number of letters to change, add, remove or exchange with their neighbor to make it a name, whatever their
    /// case, or nil if there are too many for a misspelling. The shorter the name, the fewer may be wrong.
    private func distance(to name: String) -> Int? {
        let limit = name.count < 3 ? 0 : name.count < 5 ? 1 : 2
        // The length of a text from a file is not limited.
        guard abs(utf8.count - name.utf8.count) <= 4 * limit else { return nil }
        let (left, right) = (Array(lowercased()), Array(name.lowercased()))
        var (previous, row) = ([Int](), Array(0...right.count))
        for (index, letter) in left.enumerated() {
            var next = [index + 1]
            for (column, otherLetter) in right.enumerated() {
                let replaced = row[column] + (letter == otherLetter ? 0 : 1)
                var best = Swift.min(replaced, row[column + 1] + 1, next[column] + 1)
                let isExchange =
                    index > 0 && column > 0 && letter == right[column - 1] && left[index - 1] == otherLetter
                if isExchange { best = Swift.min(best, previous[column - 1] + 1) }
                next.append(best)
            }
            (previous, row) = (row, next)
        }
        return row[right.count] <= limit ? row[right.count] : nil
    }
}
