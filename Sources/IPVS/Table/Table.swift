/// All virtual servers of a network namespace with their real servers: their configuration, without counters.
///
/// Read the kernel's table with ``Handle/table()``, or build the desired one and apply it with ``Handle/apply(_:owning:)``.
/// The order of entries has no meaning.
///
/// The name is IPVS's own. In a program that has another `Table`, write `IPVS.Table`.
///
///     var desired = Table()
///     try desired.insert(Table.Entry(web, realServers: [first, second]))
///     let report = try handle.apply(desired)
public struct Table: Sendable {
    /// The entries, in no particular order.
    public private(set) var entries: [Entry] = []

    /// The position of each entry in that array.
    private var places: [VirtualServer.Identity: Int] = [:]

    /// Creates an empty table.
    public init() {}

    /// Creates an empty table with capacity for a number of entries.
    init(reservingCapacity count: Int) { reserveCapacity(count) }

    /// Reserves capacity for a number of entries.
    package mutating func reserveCapacity(_ count: Int) {
        entries.reserveCapacity(count)
        places.reserveCapacity(count)
    }

    /// Creates a table of entries.
    ///
    /// - Throws: ``Conflict`` if two entries have the same identity.
    public init(_ entries: some Sequence<Entry>) throws(Conflict) {
        self.init(reservingCapacity: entries.underestimatedCount)
        for entry in entries { try insert(entry) }
    }

    /// The identities of all virtual servers.
    package var ids: Set<VirtualServer.Identity> { Set(places.keys) }

    /// The number of entries.
    public var count: Int { entries.count }

    /// Whether the table has no entries.
    public var isEmpty: Bool { entries.isEmpty }

    /// Returns the entries, sorted by identity.
    public func sortedEntries() -> [Entry] { entries.sorted { $0.server.id < $1.server.id } }

    /// The entry with an identity, or nil if there is none.
    public subscript(id: VirtualServer.Identity) -> Entry? { places[id].map { entries[$0] } }

    /// The position of the entry with an identity in ``entries``.
    func place(of id: VirtualServer.Identity) -> Int? { places[id] }

    /// Inserts an entry.
    ///
    /// - Throws: ``Conflict`` if the table has an entry with the same identity; it is left unchanged then.
    public mutating func insert(_ entry: Entry) throws(Conflict) {
        let id = entry.server.id
        if let old = places.updateValue(entries.count, forKey: id) {
            places[id] = old
            throw Conflict(id: id, endpoint: nil)
        }
        entries.append(entry)
    }

    /// Inserts an entry, or replaces the one with the same identity.
    ///
    /// - Returns: The entry that was replaced, or nil.
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

    /// Removes the entry with an identity.
    ///
    /// - Returns: The entry that was removed, or nil.
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
    /// Whether two tables have the same entries, in any order.
    public static func == (left: Table, right: Table) -> Bool {
        left.count == right.count && left.entries.allSatisfy { $0 == right[$0.server.id] }
    }

    /// Hashes the entries without regard to their order.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(entries.reduce(0) { $0 ^ $1.hashValue })
    }
}

extension Table {
    /// A duplicate that a table can't hold: two virtual servers with the same identity, or two real servers of one virtual
    /// server at the same endpoint.
    public struct Conflict: Error, Hashable, Sendable, CustomStringConvertible {
        /// The virtual server that is duplicated, or that has duplicate real servers.
        public let id: VirtualServer.Identity

        /// The endpoint of the duplicate real servers; nil if the virtual server itself is duplicated.
        public let endpoint: Endpoint?

        /// A sentence that describes the conflict.
        public var description: String {
            endpoint.map { "\(id) has two real servers at \($0)" } ?? "there are two virtual servers \(id)"
        }
    }
}

extension Table: CustomStringConvertible {
    /// The table as text: a line for each virtual server, followed by an indented line for each of its real servers.
    public var description: String { sortedEntries().map(\.description).joined(separator: "\n") }
}

extension Table: Codable {
    private enum CodingKeys: String, CodingKey { case entries = "services" }

    /// Decodes a table from an object with an array `services`, which is what users of ipvsadm call virtual servers.
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

    /// Encodes the table as an object with an array `services`, sorted by identity.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(sortedEntries(), forKey: .entries)
    }
}
