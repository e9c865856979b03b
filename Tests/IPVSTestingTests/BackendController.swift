import IPVS

/// Keeps the real servers of a virtual server the same as a list of addresses.
struct BackendController {
    let handle: Handle
    let service: VirtualServer

    func sync(_ backends: [IPAddress]) throws {
        var entry = Table.Entry(service)
        for address in backends {
            entry.replace(RealServer(address, 8080, forwarding: .masquerade))
        }
        let report = try handle.apply(try Table([entry]), owning: { $0 == service.id })
        if let failure = report.failures.first { throw failure.error }
    }
}
