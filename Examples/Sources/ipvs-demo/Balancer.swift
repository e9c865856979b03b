import IPVS

/// The operations of the demo.
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

    /// Takes a real server out of service, and deletes it when its connections have ended or the time is over.
    func drain(_ endpoint: Endpoint, of id: VirtualServer.Identity, timeout: Duration) async throws {
        let target = Drain.Target(endpoint, of: id)
        for outcome in try await handle.drain([target], timeout: timeout, interval: .milliseconds(200)) {
            switch outcome {
            case .drained: print("drained \(endpoint)")
            case .timedOut(let count):
                print("deleted \(endpoint), of which the kernel still remembered \(count) connections")
            case .notFound: throw Problem("\(id) has no real server \(endpoint)")
            case .failed(let error): throw error
            }
        }
    }

    private func find(_ endpoint: Endpoint, in id: VirtualServer.Identity) throws -> RealServer.Status {
        guard let found = try handle.realServer(endpoint, of: id) else {
            throw Problem("\(id) has no real server \(endpoint)")
        }
        return found
    }
}
