extension String {
    /// Whether at most two letters have to be changed, added or removed to make it the other, whatever their case.
    package func isNearly(_ other: String) -> Bool {
        guard other.utf8.count <= 100 else { return false }
        let (left, right) = (Array(lowercased()), Array(other.lowercased()))
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var next = [index + 1]
            for (column, otherLetter) in right.enumerated() {
                let replaced = row[column] + (letter == otherLetter ? 0 : 1)
                next.append(Swift.min(replaced, row[column + 1] + 1, next[column] + 1))
            }
            row = next
        }
        return row[right.count] <= 2
    }
}
