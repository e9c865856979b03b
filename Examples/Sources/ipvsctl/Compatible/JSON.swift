import Foundation
import IPVS

// The output of `--json`: the library's coded values, with keys in alphabetical order.

extension Compatible {
    /// The table as JSON, with all that every listing shows.
    struct TableDocument: Codable, Hashable {
        /// The version and the size of the connection table.
        let kernel: KernelInfo

        /// The virtual servers, ordered by identity.
        let services: [ServiceDocument]
    }

    /// A virtual server with its counters, and its real servers with theirs.
    struct ServiceDocument: Codable, Hashable {
        let server: VirtualServer
        let statistics: Statistics
        let realServers: [RealServer.Status]
    }

    /// The sync daemons as JSON.
    struct DaemonsDocument: Codable, Hashable {
        let daemons: [SyncDaemon]
    }
}

extension Compatible.Session {
    /// Writes a listing as JSON.
    func writeJSON(_ subject: Compatible.Subject) throws(IPVSError) {
        switch subject {
        case .table:
            let kernel = try handle.info()
            let services = try handle.virtualServers().sorted { $0.server.id < $1.server.id }
            var documents: [Compatible.ServiceDocument] = []
            for service in services { documents.append(try document(service)) }
            output.write(text(Compatible.TableDocument(kernel: kernel, services: documents)))
        case .service(let id):
            let kernel = try handle.info()
            let document = try document(try service(id))
            output.write(text(Compatible.TableDocument(kernel: kernel, services: [document])))
        case .timeouts: output.write(text(try handle.timeouts()))
        case .daemons: output.write(text(Compatible.DaemonsDocument(daemons: try handle.syncDaemons())))
        case .connections: try writeConnectionsJSON()
        }
    }

    private func document(_ service: VirtualServer.Status) throws(IPVSError) -> Compatible.ServiceDocument {
        let realServers = try realServers(of: service.server.id, false)
        return Compatible.ServiceDocument(
            server: service.server,
            statistics: service.statistics,
            realServers: realServers.sorted { $0.server.endpoint < $1.server.endpoint }
        )
    }

    private func text(_ value: some Encodable) -> String {
        Compatible.json(value, isPretty: true) + "\n"
    }
}

extension Compatible {
    static func json(_ value: some Encodable, isPretty: Bool) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            preconditionFailure("the library's values have no form in JSON: \(error)")
        }
    }
}
