/// All virtual servers of a network namespace with their real servers: configuration alone, without what was counted.
///
/// Read one with ``Handle/table()``; or write down what should be, and make it so with ``Handle/apply(_:owning:)``. Two
/// equal tables need no change. The order of what is in them has no meaning.
///
///     var desired = Table()
///     try desired.insert(Table.Service(web, realServers: [first, second]))
///     let report = try handle.apply(desired)
public struct Table: Sendable {
    /// The services in no particular order, which take no time to make.
    private(set) var unordered: [Service] = []

    /// Where each service is in that list.
    private var places: [VirtualServer.Identity: Int] = [:]

    /// A table without virtual servers.
    public init() {}

    /// A table without virtual servers, and with room for so many.
    init(reservingCapacity count: Int) { reserveCapacity(count) }

    /// Makes room for so many virtual servers.
    package mutating func reserveCapacity(_ count: Int) {
        unordered.reserveCapacity(count)
        places.reserveCapacity(count)
    }

    /// A table of services.
    ///
    /// - Throws: ``Conflict`` if two have one identity.
    public init(_ services: some Sequence<Service>) throws(Conflict) {
        self.init(reservingCapacity: services.underestimatedCount)
        for service in services { try insert(service) }
    }

    /// The identities of all virtual servers.
    package var ids: Set<VirtualServer.Identity> { Set(places.keys) }

    /// How many virtual servers it has.
    public var count: Int { unordered.count }

    /// Whether it has none.
    public var isEmpty: Bool { unordered.isEmpty }

    /// The services, ordered by identity.
    public var services: [Service] { unordered.sorted { $0.server.id < $1.server.id } }

    /// The service with an identity, or nil if there is none.
    public subscript(id: VirtualServer.Identity) -> Service? { places[id].map { unordered[$0] } }

    /// Where the service with an identity is in the list without order.
    func place(of id: VirtualServer.Identity) -> Int? { places[id] }

    /// Inserts a service.
    ///
    /// - Throws: ``Conflict`` if there is one with its identity, which stays then.
    public mutating func insert(_ service: Service) throws(Conflict) {
        let id = service.server.id
        if let old = places.updateValue(unordered.count, forKey: id) {
            places[id] = old
            throw Conflict(id: id, endpoint: nil)
        }
        unordered.append(service)
    }

    /// Inserts a service in the place of the one with its identity, if there is one, which is returned.
    @discardableResult
    public mutating func replace(_ service: Service) -> Service? {
        guard let place = places[service.server.id] else {
            places[service.server.id] = unordered.count
            unordered.append(service)
            return nil
        }
        defer { unordered[place] = service }
        return unordered[place]
    }

    /// Removes the service with an identity and returns it, or nil if there is none.
    @discardableResult
    public mutating func remove(_ id: VirtualServer.Identity) -> Service? {
        guard let place = places.removeValue(forKey: id) else { return nil }
        unordered.swapAt(place, unordered.count - 1)
        let service = unordered.removeLast()
        if place < unordered.count { places[unordered[place].server.id] = place }
        return service
    }
}

extension Table: Hashable {
    /// Whether two tables have the same services, in whatever order.
    public static func == (left: Table, right: Table) -> Bool {
        left.count == right.count && left.unordered.allSatisfy { $0 == right[$0.server.id] }
    }

    /// Hashes the services without regard to their order.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(unordered.reduce(0) { $0 ^ $1.hashValue })
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
    public var description: String { services.map(\.description).joined(separator: "\n") }
}

extension Table: Codable {
    private enum CodingKeys: CodingKey { case services }

    /// Decodes a table from an object with the list `services`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let services = try container.decode([Service].self, forKey: .services)
        do throws(Conflict) {
            try self.init(services)
        } catch {
            throw DecodingError.dataCorruptedError(
                forKey: .services,
                in: container,
                debugDescription: error.description
            )
        }
    }

    /// Encodes the table as an object with the list `services`, ordered by identity.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(services, forKey: .services)
    }
}
