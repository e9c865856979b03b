extension Table {
    /// What has to be changed to get from one table to another.
    ///
    /// Printed, it reads like a diff. It can be inspected, filtered and performed; making one needs no kernel.
    ///
    /// - Nothing is deleted that can be updated, so connections live on wherever the kernel lets them.
    /// - Virtual servers are deleted whole, and last.
    /// - Within a virtual server, real servers are added first, then updated, those that lose all their weight after the
    ///   others, and deleted at the end: one that had a real server to give connections to, and will have, is never without.
    public struct Plan: Hashable, Sendable {
        /// The changes, in the order in which to make them.
        public let changes: [Change]

        package init(changes: [Change]) { self.changes = changes }

        /// The changes that make one table into another.
        public init(from current: Table, to desired: Table) {
            var comparison = Comparison(with: desired)
            do throws(Table.Conflict) {
                for service in current.entries { try comparison.compare(service.server, service.realServers) }
            } catch {
                preconditionFailure("a table has something twice: \(error)")
            }
            self = comparison.plan
        }

        /// The changes for services that differ, in this order, and for virtual servers that are to be deleted.
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
            // Both lists are ordered by endpoint.
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

        /// Whether there is nothing to change.
        public var isEmpty: Bool { changes.isEmpty }

        /// The plan with those changes alone that satisfy a condition, such as all but deletions.
        public func filter(_ isIncluded: (Change) throws -> Bool) rethrows -> Table.Plan {
            Table.Plan(changes: try changes.filter(isIncluded))
        }

        /// The plan as a batch, change by change.
        public var batch: Handle.Batch { Handle.Batch(requests: changes.map(\.request)) }
    }
}

extension Table.Plan {
    /// One change of a plan.
    public enum Change: Hashable, Sendable {
        /// A virtual server is added.
        case addVirtualServer(VirtualServer)
        /// A virtual server gets another configuration.
        case updateVirtualServer(VirtualServer, was: VirtualServer)
        /// A virtual server is deleted, with its real servers.
        case deleteVirtualServer(VirtualServer)
        /// A real server is added to a virtual server.
        case addRealServer(RealServer, to: VirtualServer.Identity)
        /// A real server gets another configuration.
        case updateRealServer(RealServer, was: RealServer, of: VirtualServer.Identity)
        /// A real server is deleted from a virtual server that stays.
        case deleteRealServer(RealServer, from: VirtualServer.Identity)

        /// The virtual server that is changed, or whose real server is.
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
    /// What the kernel is asked for.
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
    /// The changes like a diff: `+` before what will be, `-` before what was; a virtual server whose real servers alone
    /// change stands before them unmarked.
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
    /// The change as a line of a diff, or as two.
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
