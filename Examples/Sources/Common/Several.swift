/// Errors of one input, of which it can have millions. Only the first of them are kept, and fewer are reported.
package struct Several<Element> {
    /// The first ones.
    package private(set) var first: [Element] = []

    /// The number of all.
    package private(set) var count = 0

    package init() {}

    package init(_ elements: some Sequence<Element>) { self += elements }

    package var isEmpty: Bool { count == 0 }

    package mutating func append(_ element: Element) {
        count += 1
        if first.count < Self.capacity { first.append(element) }
    }

    package static func += (several: inout Self, elements: some Sequence<Element>) {
        for element in elements { several.append(element) }
    }

    /// Adds others, after a conversion of those that are kept.
    package mutating func append<Other>(_ others: Several<Other>, _ convert: (Other) -> Element) {
        let before = count
        self += others.first.map(convert)
        count = before + others.count
    }

    /// The same ones after a conversion of those that are kept.
    package func map<Other>(_ convert: (Element) -> Other) -> Several<Other> {
        var others = Several<Other>()
        others.append(self, convert)
        return others
    }

    /// The same ones in an order.
    package func sorted(by precedes: (Element, Element) throws -> Bool) rethrows -> Self {
        var others = self
        others.first = try first.sorted(by: precedes)
        return others
    }

    /// The lines of a report: the first ones, and the number of the others.
    package func lines(_ line: (Element) -> String) -> [String] {
        let shown = first.prefix(Self.reported)
        let rest = count - shown.count
        return shown.map(line) + (rest == 0 ? [] : [rest == 1 ? "and 1 more error" : "and \(rest) more errors"])
    }

    private static var capacity: Int { 1_000 }
    private static var reported: Int { 20 }
}

extension Several: Equatable where Element: Equatable {}
extension Several: Hashable where Element: Hashable {}
extension Several: Sendable where Element: Sendable {}

extension Several: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: Element...) { self.init(elements) }
}
