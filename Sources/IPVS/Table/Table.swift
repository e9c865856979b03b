/// All virtual servers of a network namespace with their real servers: configuration alone, without what was counted.
///
/// Read one with ``Handle/table()``; or write down what should be, and make it so with ``Handle/apply(_:owning:)``. Two
/// equal tables need no change. The order of what is in them has no meaning.
///
///     var desired = Table()
///     try desired.insert(Table.Entry(web, realServers: [first, second]))
///     let report = try handle.apply(desired)
public struct Table: Sendable {
    /// The entries, in no particular order.
    public private(set) var entries: [Entry] = []

    /// Where each entry is in that list.
    private var places: [VirtualServer.Identity: Int] = [:]

    /// A table without virtual servers.
    public init() {}

    /// A table without virtual servers, and with room for so many.
    init(reservingCapacity count: Int) { reserveCapacity(count) }

    /// Makes room for so many virtual servers.
    package mutating func reserveCapacity(_ count: Int) {
        entries.reserveCapacity(count)
        places.reserveCapacity(count)
    }

    /// A table of entries.
    ///
    /// - Throws: ``Conflict`` if two have one identity.
    public init(_ entries: some Sequence<Entry>) throws(Conflict) {
        self.init(reservingCapacity: entries.underestimatedCount)
        for entry in entries { try insert(entry) }
    }

    /// The identities of all virtual servers.
    package var ids: Set<VirtualServer.Identity> { Set(places.keys) }

    /// How many virtual servers it has.
    public var count: Int { entries.count }

    /// Whether it has none.
    public var isEmpty: Bool { entries.isEmpty }

    /// The entries, ordered by identity. They are sorted at each call.
    public func sortedEntries() -> [Entry] { entries.sorted { $0.server.id < $1.server.id } }

    /// The entry with an identity, or nil if there is none.
    public subscript(id: VirtualServer.Identity) -> Entry? { places[id].map { entries[$0] } }

    /// Where the entry with an identity is in the list without order.
    func place(of id: VirtualServer.Identity) -> Int? { places[id] }

    /// Inserts a entry.
    ///
    /// - Throws: ``Conflict`` if there is one with its identity, which stays then.
    public mutating func insert(_ entry: Entry) throws(Conflict) {
        let id = entry.server.id
        if let old = places.updateValue(entries.count, forKey: id) {
            places[id] = old
            throw Conflict(id: id, endpoint: nil)
        }
        entries.append(entry)
    }

    /// Inserts an entry in the place of the one with its identity, if there is one, which is returned.
    @discardableResult
    public mutating func replace(_ entry: Entry) -> Entry? {
        guard let place = places[entry.server.id] else {
            places[entry.server.id] = entries.count
            entries.append(entry)
            return nil
        }
        defer { entries[place] = entry }
        return entries[place]
    }

    /// Removes the entry with an identity and returns it, or nil if there is none.
    @discardableResult
    public mutating func remove(_ id: VirtualServer.Identity) -> Entry? {
        guard let place = places.removeValue(forKey: id) else { return nil }
        entries.swapAt(place, entries.count - 1)
        let entry = entries.removeLast()
        if place < entries.count { places[entries[place].server.id] = place }
        return entry
    }
}

extension Table: Hashable {
    /// Whether two tables have the same entries, in whatever order.
    public static func == (left: Table, right: Table) -> Bool {
        left.count == right.count && left.entries.allSatisfy { $0 == right[$0.server.id] }
    }

    /// Hashes the entries without regard to their order.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(entries.reduce(0) { $0 ^ $1.hashValue })
    }
}

extension Table {
    /// Two things that can't be in one table: virtual servers with one identity, or real servers of one virtual server
    /// at one endpoint.
    public struct Conflict: Error, Hashable, Sendable, CustomStringConvertible {
        /// The virtual server that is there twice, or has a real server twice.
        public let id: VirtualServer.Identity

        /// The endpoint that two real servers have; nil if it is the virtual server that is there twice.
        public let endpoint: Endpoint?

        /// The conflict as a sentence.
        public var description: String {
            endpoint.map { "\(id) has two real servers at \($0)" } ?? "there are two virtual servers \(id)"
        }
    }
}

extension Table: CustomStringConvertible {
    /// The table, a line for each virtual server and, indented, for each real server.
    public var description: String { sortedEntries().map(\.description).joined(separator: "\n") }
}

extension Table: Codable {
    private enum CodingKeys: String, CodingKey { case entries = "services" }

    /// Decodes a table from an object with the list `services`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let entries = try container.decode([Entry].self, forKey: .entries)
        do throws(Conflict) {
            try self.init(entries)
        } catch {
            throw DecodingError.dataCorruptedError(
                forKey: .entries,
                in: container,
                debugDescription: error.description
            )
        }
    }

    /// Encodes the table as an object with the list `services`, ordered by identity.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(sortedEntries(), forKey: .entries)
    }
}
