import Glibc
import IPVS

/// What an operator does to a load balancer.
struct Balancer {
    let handle: Handle

    /// A virtual server that gives its real servers connections in turn, as many as their weights say.
    func add(_ id: VirtualServer.Identity, _ endpoints: [Endpoint]) throws(IPVSError) {
        let server = VirtualServer(id, scheduler: .weightedRoundRobin)
        try handle.add(server)
        print("added \(server)")
        for endpoint in endpoints {
            let real = RealServer(endpoint, forwarding: .masquerade)
            try handle.add(real, to: id)
            print("added \(real)")
        }
    }

    func setWeight(_ weight: UInt32, of endpoint: Endpoint, in id: VirtualServer.Identity) throws {
        var server = try find(endpoint, in: id).server
        server.weight = weight
        try handle.update(server, of: id)
        print("updated \(server)")
    }

    /// Deletes a real server as soon as it serves nobody.
    func delete(_ endpoint: Endpoint, from id: VirtualServer.Identity) throws {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(30)
        while case let count = try find(endpoint, in: id).activeConnections, count > 0 {
            guard clock.now < deadline else { throw Problem("\(endpoint) still has \(count) active connections") }
            usleep(100_000)
        }
        try handle.delete(endpoint, from: id)
        print("deleted \(endpoint)")
    }

    private func find(_ endpoint: Endpoint, in id: VirtualServer.Identity) throws -> RealServer.Status {
        guard let found = try handle.realServer(endpoint, of: id) else {
            throw Problem("\(id) has no real server \(endpoint)")
        }
        return found
    }
}
