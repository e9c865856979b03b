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
            for service in current.unordered { try comparison.compare(service.server, service.realServers) }
        } catch {
            preconditionFailure("a table has something twice: \(error)")
        }
        self = comparison.plan
    }

    /// The changes for services that differ, in this order, and for virtual servers that are to be deleted.
    package init(
        _ differing: some Sequence<(old: Table.Service?, new: Table.Service)>,
        obsolete: [VirtualServer]
    ) {
        var changes: [Change] = []
        for (old, new) in differing {
            if let old {
                Self.update(old, to: new, &changes)
            } else {
                changes.append(.addServer(new.server))
                changes += new.realServers.map { .addReal($0, to: new.server.id) }
            }
        }
        self.changes = changes + obsolete.map { .deleteServer($0) }
    }

    private static func update(_ old: Table.Service, to new: Table.Service, _ changes: inout [Change]) {
        let id = new.server.id
        if old.server != new.server { changes.append(.updateServer(new.server, was: old.server)) }
        var updates: [Change] = []
        var drains: [Change] = []
        var deletions: [Change] = []
        // Both lists are ordered by endpoint.
        var rest = old.realServers[...]
        for real in new.realServers {
            while let first = rest.first, first.endpoint < real.endpoint {
                deletions.append(.deleteReal(first, from: id))
                rest.removeFirst()
            }
            guard let first = rest.first, first.endpoint == real.endpoint else {
                changes.append(.addReal(real, to: id))
                continue
            }
            rest.removeFirst()
            guard first != real else { continue }
            let change = Change.updateReal(real, was: first, of: id)
            if real.weight == 0 { drains.append(change) } else { updates.append(change) }
        }
        deletions += rest.map { .deleteReal($0, from: id) }
        changes += updates + drains + deletions
    }

    /// Whether there is nothing to change.
    public var isEmpty: Bool { changes.isEmpty }

    /// The plan with those changes alone that satisfy a condition, such as all but deletions.
    public func filter(_ isIncluded: (Change) throws -> Bool) rethrows -> Plan {
        Plan(changes: try changes.filter(isIncluded))
    }

    /// The plan as a batch, change by change.
    public var batch: Batch { Batch(requests: changes.map(\.request)) }
}

extension Plan {
    /// One change of a plan.
    public enum Change: Hashable, Sendable {
        /// A virtual server is added.
        case addServer(VirtualServer)
        /// A virtual server gets another configuration.
        case updateServer(VirtualServer, was: VirtualServer)
        /// A virtual server is deleted, with its real servers.
        case deleteServer(VirtualServer)
        /// A real server is added to a virtual server.
        case addReal(RealServer, to: VirtualServer.Identity)
        /// A real server gets another configuration.
        case updateReal(RealServer, was: RealServer, of: VirtualServer.Identity)
        /// A real server is deleted from a virtual server that stays.
        case deleteReal(RealServer, from: VirtualServer.Identity)

        /// The virtual server that is changed, or whose real server is.
        public var virtualServer: VirtualServer.Identity {
            switch self {
            case .addServer(let server), .updateServer(let server, _), .deleteServer(let server): server.id
            case .addReal(_, let id), .updateReal(_, _, let id), .deleteReal(_, let id): id
            }
        }
    }
}

extension Plan.Change {
    /// What the kernel is asked for.
    var request: Request {
        switch self {
        case .addServer(let server): .addService(server)
        case .updateServer(let server, _): .updateService(server)
        case .deleteServer(let server): .deleteService(server.id)
        case .addReal(let server, let id): .addDestination(server, id)
        case .updateReal(let server, _, let id): .updateDestination(server, id)
        case .deleteReal(let server, let id): .deleteDestination(server.endpoint, id)
        }
    }
}

extension Plan: CustomStringConvertible {
    /// The changes like a diff: `+` before what will be, `-` before what was; a virtual server whose real servers alone
    /// change stands before them unmarked.
    public var description: String {
        var lines: [String] = []
        var current: VirtualServer.Identity?
        for change in changes {
            switch change {
            case .addServer, .updateServer, .deleteServer: break
            case .addReal, .updateReal, .deleteReal:
                if change.virtualServer != current { lines.append("  \(change.virtualServer)") }
            }
            current = change.virtualServer
            lines.append(change.description)
        }
        return lines.joined(separator: "\n")
    }
}

extension Plan.Change: CustomStringConvertible {
    /// The change as a line of a diff, or as two.
    public var description: String {
        switch self {
        case .addServer(let server): "+ \(server)"
        case .updateServer(let server, let old): "- \(old)\n+ \(server)"
        case .deleteServer(let server): "- \(server)"
        case .addReal(let server, _): "+   \(server)"
        case .updateReal(let server, let old, _): "-   \(old)\n+   \(server)"
        case .deleteReal(let server, _): "-   \(server)"
        }
    }
}
