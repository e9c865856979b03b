import IPVS

/// The parts of the table that the lines of a restore have changed, as they should be now.
///
/// Programs that don't take the lock on the table, such as ipvsadm, can change it at the same time. A comparison in the end
/// tells whether they did.
struct RestoredParts {
    private struct Part {
        /// The virtual server as a line has configured it; nil if only its real servers were changed.
        var server: VirtualServer?

        /// Whether it was deleted.
        var isDeleted = false

        /// The real servers that were configured, and nil for those that were deleted.
        var realServers: [Endpoint: RealServer?] = [:]
    }

    private var parts: [VirtualServer.Identity: Part] = [:]

    /// Records that a command has succeeded.
    mutating func record(_ command: Compatible.Command) {
        switch command {
        case .add(let server): parts[server.id] = Part(server: server)
        case .edit(let server): parts[server.id, default: Part()].server = server
        case .delete(let id): parts[id] = Part(isDeleted: true)
        case .addRealServer(let real, let id), .editRealServer(let real, let id):
            parts[id, default: Part()].realServers.updateValue(real, forKey: real.endpoint)
        case .deleteRealServer(let endpoint, let id):
            parts[id, default: Part()].realServers.updateValue(nil, forKey: endpoint)
        case .clear: parts = [:]
        default: break
        }
    }

    /// Whether any command has changed a part of the table.
    var isEmpty: Bool { parts.isEmpty }

    /// How many virtual servers and real servers of a table are not as they should be.
    func differences(from table: Table) -> Int {
        parts.reduce(0) { count, part in count + Self.differences(part.value, from: table[part.key]) }
    }

    private static func differences(_ part: Part, from entry: Table.Entry?) -> Int {
        guard let entry else { return part.isDeleted ? 0 : 1 }
        guard !part.isDeleted else { return 1 }
        let others = part.realServers.count { entry[$0.key] != $0.value }
        return others + (part.server.map { $0 != entry.server } == true ? 1 : 0)
    }
}
