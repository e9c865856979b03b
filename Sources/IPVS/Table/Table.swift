/// All virtual servers of a network namespace with their real servers: configuration alone, without what was counted.
///
/// Read one with ``Handle/table()``; or write down what should be, and make it so with ``Handle/apply(_:owning:)``. Two
/// equal tables need no change. The order of what is in them has no meaning.
///
///     var desired = Table()
///     try desired.insert(Table.Service(web, realServers: [first, second]))
///     let report = try handle.apply(desired)
public struct Table: Hashable, Sendable {
    private var entries: [VirtualServer.Identity: Service] = [:]

    /// A table without virtual servers.
    public init() {}

    /// A table of services.
    ///
    /// - Throws: ``Conflict`` if two have one identity.
    public init(_ services: some Sequence<Service>) throws(Conflict) {
        entries.reserveCapacity(services.underestimatedCount)
        for service in services { try insert(service) }
    }

    /// How many virtual servers it has.
    public var count: Int { entries.count }

    /// Whether it has none.
    public var isEmpty: Bool { entries.isEmpty }

    /// The services, ordered by identity.
    public var services: [Service] { entries.values.sorted { $0.server.id < $1.server.id } }

    /// The services in no particular order, which takes no time to make.
    var unordered: some Collection<Service> { entries.values }

    /// The service with an identity, or nil if there is none.
    public subscript(id: VirtualServer.Identity) -> Service? { entries[id] }

    /// Inserts a service.
    ///
    /// - Throws: ``Conflict`` if there is one with its identity, which stays then.
    public mutating func insert(_ service: Service) throws(Conflict) {
        let id = service.server.id
        guard let old = entries.updateValue(service, forKey: id) else { return }
        entries[id] = old
        throw Conflict(id: id, endpoint: nil)
    }

    /// Inserts a service in the place of the one with its identity, if there is one, which is returned.
    @discardableResult
    public mutating func replace(_ service: Service) -> Service? {
        entries.updateValue(service, forKey: service.server.id)
    }

    /// Removes the service with an identity and returns it, or nil if there is none.
    @discardableResult
    public mutating func remove(_ id: VirtualServer.Identity) -> Service? {
        entries.removeValue(forKey: id)
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
