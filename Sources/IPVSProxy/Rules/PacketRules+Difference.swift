public import IPVS

extension PacketRules {
    /// What has to be changed so that some rules become others.
    public struct Difference: Hashable, Sendable {
        /// Whether there are no rules yet, or they can't be repaired: everything is made anew.
        public var isFromScratch: Bool

        /// The options of the fixed part, if that has to be written.
        public var options: Options?

        /// The elements to remove. One whose value changes is also in ``added``.
        public var removed: [Element]

        /// The elements to add.
        public var added: [Element]

        /// The service ports whose source ranges are over.
        public var removedRanges: [ServicePortName]

        /// The source ranges that are new or changed.
        public var writtenRanges: [ServicePortName: [IPAddress.Block]]

        /// A difference; by default, none.
        public init(
            isFromScratch: Bool = false,
            options: Options? = nil,
            removed: [Element] = [],
            added: [Element] = [],
            removedRanges: [ServicePortName] = [],
            writtenRanges: [ServicePortName: [IPAddress.Block]] = [:]
        ) {
            self.isFromScratch = isFromScratch
            self.options = options
            self.removed = removed
            self.added = added
            self.removedRanges = removedRanges
            self.writtenRanges = writtenRanges
        }
    }
}

extension PacketRules.Difference {
    /// Whether there is nothing to do.
    public var isEmpty: Bool { !isFromScratch && options == nil && count == 0 }

    /// How many elements and source ranges are changed.
    public var count: Int { removed.count + added.count + removedRanges.count + writtenRanges.count }
}

extension PacketRules {
    /// What has to be changed so that other rules become these.
    ///
    /// - Parameter former: The other rules; nil if there are none at all.
    /// - Returns: The difference.
    public func difference(from former: PacketRules?) -> Difference {
        var difference = Difference(isFromScratch: former == nil)
        if former?.options != options { difference.options = options }
        let (before, ranges) = (former?.elements ?? [:], former?.sourceRanges ?? [:])
        for (key, value) in before where elements[key] != value { difference.removed.append(Element(key, value)) }
        for (key, value) in elements where before[key] != value { difference.added.append(Element(key, value)) }
        difference.removedRanges = ranges.keys.filter { sourceRanges[$0] == nil }.sorted()
        difference.writtenRanges = sourceRanges.filter { ranges[$0.key] != $0.value }
        return difference
    }

    /// Changes the rules by a difference.
    public mutating func apply(_ difference: Difference) {
        if difference.isFromScratch { (elements, sourceRanges) = ([:], [:]) }
        if let options = difference.options { self.options = options }
        for element in difference.removed { elements[element.key] = nil }
        for element in difference.added { elements[element.key] = element.value }
        for name in difference.removedRanges { sourceRanges[name] = nil }
        sourceRanges.merge(difference.writtenRanges) { $1 }
    }
}

// MARK: - The order of a sync

extension PacketRules.Difference {
    /// The parts of a difference that come before and after the change of the kernel's table.
    ///
    /// Rules that protect a virtual server, or let its connections in, come before it, and those of virtual servers that are
    /// over go after. What is replaced is replaced before.
    func split() -> (before: Self, after: Self) {
        var (before, after) = (self, Self())
        let replaced = Set(added.map(\.key))
        // What refuses connections ends before, as what it refused is let in.
        before.removed = removed.filter { replaced.contains($0.key) || $0.key.refuses }
        after.removed = removed.filter { !replaced.contains($0.key) && !$0.key.refuses }
        (before.removedRanges, after.removedRanges) = ([], removedRanges)
        return (before, after)
    }
}

extension PacketRules.Key {
    /// Whether it is for connections that are to be dropped although a virtual server is there.
    fileprivate var refuses: Bool {
        switch self {
        case .unserved, .refused: true
        default: false
        }
    }
}
