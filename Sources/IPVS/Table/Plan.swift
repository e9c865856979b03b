extension Table {
    /// The changes from one table to another.
    ///
    /// Its description reads like a diff. A plan can be inspected, filtered, and made by a handle as a ``batch``. Creating one
    /// needs no kernel.
    ///
    /// - Nothing is deleted that can be updated, so connections survive if the kernel allows it.
    /// - Virtual servers are deleted with their real servers, after all other changes.
    /// - Within a virtual server, real servers are added first, then updated, then those whose weight becomes 0, and deleted
    ///   last. So a virtual server that has a usable real server before and after always has one.
    public struct Plan: Hashable, Sendable {
        /// The changes, in order.
        public let changes: [Change]

        package init(changes: [Change]) { self.changes = changes }

        /// Creates a plan that changes one table into another.
        public init(from current: Table, to desired: Table) {
            var comparison = Comparison(with: desired)
            do throws(Table.Conflict) {
                for entry in current.entries { try comparison.compare(entry.server, entry.realServers) }
            } catch {
                preconditionFailure("a table has something twice: \(error)")
            }
            self = comparison.plan
        }

        /// Creates a plan for entries that differ, in this order, and for virtual servers to delete.
        package init(
            _ differing: some Sequence<(old: Table.Entry?, new: Table.Entry)>,
            obsolete: [VirtualServer]
        ) {
            var changes: [Change] = []
            for (old, new) in differing {
                if let old {
                    Self.update(old, to: new, &changes)
                } else {
                    changes.append(.addVirtualServer(new.server))
                    changes += new.realServers.map { .addRealServer($0, to: new.server.id) }
                }
            }
            self.changes = changes + obsolete.map { .deleteVirtualServer($0) }
        }

        private static func update(_ old: Table.Entry, to new: Table.Entry, _ changes: inout [Change]) {
            let id = new.server.id
            if old.server != new.server { changes.append(.updateVirtualServer(new.server, was: old.server)) }
            var updates: [Change] = []
            var drains: [Change] = []
            var deletions: [Change] = []
            // Both lists are sorted by endpoint.
            var rest = old.realServers[...]
            for real in new.realServers {
                while let first = rest.first, first.endpoint < real.endpoint {
                    deletions.append(.deleteRealServer(first, from: id))
                    rest.removeFirst()
                }
                guard let first = rest.first, first.endpoint == real.endpoint else {
                    changes.append(.addRealServer(real, to: id))
                    continue
                }
                rest.removeFirst()
                guard first != real else { continue }
                let change = Change.updateRealServer(real, was: first, of: id)
                if real.weight == 0 { drains.append(change) } else { updates.append(change) }
            }
            deletions += rest.map { .deleteRealServer($0, from: id) }
            changes += updates + drains + deletions
        }

        /// Whether there are no changes.
        public var isEmpty: Bool { changes.isEmpty }

        /// Returns a plan with only the changes that satisfy a predicate, such as all but deletions.
        public func filter(_ isIncluded: (Change) throws -> Bool) rethrows -> Table.Plan {
            Table.Plan(changes: try changes.filter(isIncluded))
        }

        /// The changes as a batch.
        public var batch: Handle.Batch { Handle.Batch(requests: changes.map(\.request)) }
    }
}

extension Table.Plan {
    /// One change of a plan.
    public enum Change: Hashable, Sendable {
        /// A virtual server is added.
        case addVirtualServer(VirtualServer)
        /// The configuration of a virtual server is changed.
        case updateVirtualServer(VirtualServer, was: VirtualServer)
        /// A virtual server is deleted, with its real servers.
        case deleteVirtualServer(VirtualServer)
        /// A real server is added to a virtual server.
        case addRealServer(RealServer, to: VirtualServer.Identity)
        /// The configuration of a real server is changed.
        case updateRealServer(RealServer, was: RealServer, of: VirtualServer.Identity)
        /// A real server is deleted from a virtual server, which remains.
        case deleteRealServer(RealServer, from: VirtualServer.Identity)

        /// The virtual server that changes, or whose real server does.
        public var virtualServer: VirtualServer.Identity {
            switch self {
            case .addVirtualServer(let server), .updateVirtualServer(let server, _), .deleteVirtualServer(let server):
                server.id
            case .addRealServer(_, let id), .updateRealServer(_, _, let id), .deleteRealServer(_, let id): id
            }
        }
    }
}

extension Table.Plan.Change {
    /// The request for the change.
    var request: Request {
        switch self {
        case .addVirtualServer(let server): .addVirtualServer(server)
        case .updateVirtualServer(let server, _): .updateVirtualServer(server)
        case .deleteVirtualServer(let server): .deleteVirtualServer(server.id)
        case .addRealServer(let server, let id): .addRealServer(server, id)
        case .updateRealServer(let server, _, let id): .updateRealServer(server, id)
        case .deleteRealServer(let server, let id): .deleteRealServer(server.endpoint, id)
        }
    }
}

extension Table.Plan: CustomStringConvertible {
    /// The changes as a diff, with `+` and `-`. A virtual server of which only real servers change is printed before them
    /// without a mark.
    public var description: String {
        var lines: [String] = []
        var current: VirtualServer.Identity?
        for change in changes {
            switch change {
            case .addVirtualServer, .updateVirtualServer, .deleteVirtualServer: break
            case .addRealServer, .updateRealServer, .deleteRealServer:
                if change.virtualServer != current { lines.append("  \(change.virtualServer)") }
            }
            current = change.virtualServer
            lines.append(change.description)
        }
        return lines.joined(separator: "\n")
    }
}

extension Table.Plan.Change: CustomStringConvertible {
    /// The change as one or two lines of a diff.
    public var description: String {
        switch self {
        case .addVirtualServer(let server): "+ \(server)"
        case .updateVirtualServer(let server, let old): "- \(old)\n+ \(server)"
        case .deleteVirtualServer(let server): "- \(server)"
        case .addRealServer(let server, _): "+   \(server)"
        case .updateRealServer(let server, let old, _): "-   \(old)\n+   \(server)"
        case .deleteRealServer(let server, _): "-   \(server)"
        }
    }
}
