import IPVS

extension Compatible {
    /// Runs commands on the IPVS of one network namespace.
    struct Session {
        let handle: Handle
        let names: Names
        let output: Output

        /// Runs a command.
        func perform(_ command: Command) throws(IPVSError) {
            switch command {
            case .add(let server): try handle.add(server)
            case .edit(let server): try handle.update(server)
            case .delete(let id): try handle.delete(id)
            case .addRealServer(let real, let id): try handle.add(real, to: id)
            case .editRealServer(let real, let id): try handle.update(real, of: id)
            case .deleteRealServer(let endpoint, let id): try handle.delete(endpoint, from: id)
            case .clear: try handle.flush()
            case .zero(let id): if let id { try handle.zeroCounters(of: id) } else { try handle.zeroCounters() }
            case .setTimeouts(let timeouts): try handle.setTimeouts(timeouts)
            case .startDaemon(let daemon): try handle.startSyncDaemon(daemon)
            case .stopDaemon(let role): try handle.stopSyncDaemon(role)
            case .list(let subject, let format):
                if format.isJSON { try writeJSON(subject) } else { try list(subject, format) }
            case .save(let numeric): try save(numeric: numeric)
            case .help: output.write(usage)
            case .version: output.write(version)
            // Reads lines and calls this method for each.
            case .restore: break
            }
        }

        private func list(_ subject: Subject, _ format: Format) throws(IPVSError) {
            let listing = Listing(format, names: names)
            switch subject {
            case .table:
                output.write(Listing.banner(try handle.info()))
                let services = try handle.virtualServers()
                output.write(listing.title)
                for service in format.isSorted ? Order.sorted(services) : services {
                    output.write(listing.lines(service, try realServers(of: service.server.id, format.isSorted)))
                }
            case .service(let id):
                let service = try service(id)
                output.write(listing.title + listing.lines(service, try realServers(of: id, format.isSorted)))
            case .timeouts:
                output.write(Listing.text(try handle.timeouts()))
            case .daemons:
                for daemon in try handle.syncDaemons() { output.write(Listing.text(daemon)) }
            case .connections:
                try listConnections(listing)
            }
        }

        private func save(numeric: Bool) throws(IPVSError) {
            for service in Order.sorted(try handle.virtualServers()) {
                let realServers = try realServers(of: service.server.id, true).map(\.server)
                output.write(SaveForm.write(service.server, realServers, names: numeric ? .none : names))
            }
        }

        /// A virtual server that must be there.
        func service(_ id: VirtualServer.Identity) throws(IPVSError) -> VirtualServer.Status {
            if let service = try handle.virtualServer(id) { return service }
            throw .noVirtualServer(id)
        }

        /// The real servers of a virtual server, or none if it was deleted after it was listed.
        func realServers(of id: VirtualServer.Identity, _ isSorted: Bool) throws(IPVSError) -> [RealServer.Status] {
            do {
                let realServers = try handle.realServers(of: id)
                return isSorted ? Order.sorted(realServers) : realServers
            } catch {
                guard error.code == .virtualServerNotFound else { throw error }
                return []
            }
        }
    }
}
