extension Table {
    /// A virtual server with its real servers.
    public struct Entry: Hashable, Sendable {
        /// The virtual server.
        public var server: VirtualServer

        /// The real servers, sorted by endpoint. No two have the same endpoint.
        public private(set) var realServers: [RealServer]

        /// Creates an entry without real servers.
        public init(_ server: VirtualServer) {
            self.server = server
            realServers = []
        }

        /// Creates an entry with real servers, in any order.
        ///
        /// - Throws: ``Conflict`` if two of them have the same endpoint.
        public init(_ server: VirtualServer, realServers: [RealServer]) throws(Conflict) {
            self.server = server
            self.realServers = realServers
            // If they are sorted already, no copy is needed.
            if zip(realServers, realServers.dropFirst()).allSatisfy({ $0.endpoint < $1.endpoint }) { return }
            self.realServers.sort { $0.endpoint < $1.endpoint }
            for (one, next) in zip(self.realServers, self.realServers.dropFirst()) where one.endpoint == next.endpoint {
                throw Conflict(id: server.id, endpoint: one.endpoint)
            }
        }

        /// The real server at an endpoint, or nil if there is none.
        public subscript(endpoint: Endpoint) -> RealServer? {
            let place = place(of: endpoint)
            guard place < realServers.count, realServers[place].endpoint == endpoint else { return nil }
            return realServers[place]
        }

        /// Inserts a real server, or replaces the one at the same endpoint.
        ///
        /// - Returns: The real server that was replaced, or nil.
        @discardableResult
        public mutating func replace(_ real: RealServer) -> RealServer? {
            let place = place(of: real.endpoint)
            guard place < realServers.count, realServers[place].endpoint == real.endpoint else {
                realServers.insert(real, at: place)
                return nil
            }
            defer { realServers[place] = real }
            return realServers[place]
        }

        /// Removes the real server at an endpoint.
        ///
        /// - Returns: The real server that was removed, or nil.
        @discardableResult
        public mutating func remove(_ endpoint: Endpoint) -> RealServer? {
            let place = place(of: endpoint)
            guard place < realServers.count, realServers[place].endpoint == endpoint else { return nil }
            return realServers.remove(at: place)
        }

        /// The position of an endpoint in ``realServers``, or where to insert it.
        private func place(of endpoint: Endpoint) -> Int {
            var (low, high) = (0, realServers.count)
            while low < high {
                let middle = (low + high) / 2
                if realServers[middle].endpoint < endpoint { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }
}

extension Table.Entry: CustomStringConvertible {
    /// The virtual server, followed by an indented line for each real server.
    public var description: String {
        ([server.description] + realServers.map { "  \($0)" }).joined(separator: "\n")
    }
}

extension Table.Entry: Codable {
    private enum CodingKeys: CodingKey { case realServers }

    /// Decodes an entry from an object that has what a virtual server has, and the list `realServers` besides.
    public init(from decoder: any Decoder) throws {
        let server = try VirtualServer(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let realServers = try container.decodeIfPresent([RealServer].self, forKey: .realServers) ?? []
        do throws(Table.Conflict) {
            try self.init(server, realServers: realServers)
        } catch {
            throw DecodingError.dataCorruptedError(
                forKey: .realServers,
                in: container,
                debugDescription: error.description
            )
        }
    }

    /// Encodes the virtual server, and `realServers` in the same object.
    public func encode(to encoder: any Encoder) throws {
        try server.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(realServers, forKey: .realServers)
    }
}
