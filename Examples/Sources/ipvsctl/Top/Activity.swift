import IPVS

extension Top {
    /// The rates of each virtual server and its real servers between two snapshots.
    struct Activity {
        /// A virtual or a real server.
        struct Row {
            var name: String
            /// For a virtual server, the sum of its real servers, as with connections.
            var weight: UInt64
            var active: UInt64
            var inactive: UInt64
            var rates: Rates
        }

        /// A virtual server with its real servers.
        struct Service {
            var row: Row
            var realServers: [Row]
        }

        private(set) var services: [Service] = []
        private var meters: [Key: Meter] = [:]

        /// The server of a meter: a virtual server or one of its real servers.
        private struct Key: Hashable {
            var service: VirtualServer.Identity
            var real: Endpoint?
        }

        /// Advances to a snapshot and removes servers that are not in it.
        mutating func update(_ snapshot: Snapshot) {
            let old = meters
            meters = [:]
            func rates(_ key: Key, _ statistics: Statistics) -> Rates {
                var meter = old[key] ?? Meter(statistics, at: snapshot.time)
                if old[key] != nil { meter.look(statistics, at: snapshot.time) }
                meters[key] = meter
                return meter.rates
            }
            services = snapshot.services.map { service in
                let server = service.virtualServer.server
                let realServers = service.realServers.map { real in
                    Row(
                        name: "\(real.server.endpoint) \(real.server.forwarding)",
                        weight: UInt64(real.server.weight),
                        active: UInt64(real.activeConnections),
                        inactive: UInt64(real.inactiveConnections),
                        rates: rates(Key(service: server.id, real: real.server.endpoint), real.statistics)
                    )
                }
                let row = Row(
                    name: "\(server.id) \(server.scheduler)",
                    weight: realServers.reduce(0) { $0 + $1.weight },
                    active: realServers.reduce(0) { $0 + $1.active },
                    inactive: realServers.reduce(0) { $0 + $1.inactive },
                    rates: rates(Key(service: server.id), service.virtualServer.statistics)
                )
                return Service(row: row, realServers: realServers)
            }
        }

        /// The virtual servers sorted by a column, with their real servers sorted by the same: the greatest first, except
        /// for names. Equal ones are sorted by name.
        func sorted(by column: Column, isReversed: Bool) -> [Service] {
            func precedes(_ left: Row, _ right: Row) -> Bool {
                if let (first, second) = column.differentValues(left, right) {
                    return (first > second) != isReversed
                }
                return isReversed && column == .name ? left.name > right.name : left.name < right.name
            }
            return services.sorted { precedes($0.row, $1.row) }.map { service in
                Service(row: service.row, realServers: service.realServers.sorted(by: precedes))
            }
        }
    }
}
