import IPVS

/// All virtual servers and real servers with their counters, as a printed table.
struct Table {
    private var rows = [["", "weight", "active", "inactive", "conns", "packets in", "out", "bytes in", "out"]]

    init(of handle: Handle) throws(IPVSError) {
        for virtual in try handle.virtualServers() {
            rows.append([virtual.server.description, "", "", ""] + virtual.statistics.cells)
            let realServers = try handle.realServers(of: virtual.server.id)
            rows += realServers.sorted { $0.server.endpoint < $1.server.endpoint }.map(\.cells)
        }
    }
}

extension Table: CustomStringConvertible {
    var description: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + padding : padding + row[column]
            }
        }
        return lines.map { $0.joined(separator: "  ") }.joined(separator: "\n")
    }
}

extension RealServer.Status {
    fileprivate var cells: [String] {
        let connections = [activeConnections, inactiveConnections].map(\.description)
        return ["  \(server.endpoint) \(server.forwarding)", "\(server.weight)"] + connections + statistics.cells
    }
}

extension Statistics {
    fileprivate var cells: [String] {
        [connections, incomingPackets, outgoingPackets, incomingBytes, outgoingBytes].map(\.description)
    }
}
