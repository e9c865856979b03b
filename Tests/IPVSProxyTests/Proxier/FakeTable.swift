import Glibc

@testable import IPVS
@testable import IPVSProxy

/// Stands in for the kernel's table: it keeps what it is told, refuses what the kernel refuses, and fails on demand.
final class FakeTable: ServiceTable {
    struct State: Sendable {
        var services: [VirtualServer.Identity: Table.Service] = [:]
        /// The connections of real servers, in any state.
        var connections: [Drain.Target: UInt32] = [:]
        /// Each call, as a word.
        var calls: [String] = []
        /// All changes that were asked for.
        var changes: [Plan.Change] = []
        /// An errno for a change, which is not made then.
        var verdict: @Sendable (Plan.Change) -> Int32? = { _ in nil }
        /// Which call fails as a whole, counted from 1.
        var failingCall: Int?

        var table: Table {
            var table = Table()
            for service in services.values { table.replace(service) }
            return table
        }

        /// Forgets what it was asked for so far.
        mutating func startAnew() { (calls, changes) = ([], []) }
    }

    private let state = Locked(State())

    func with<Result>(_ body: (inout State) -> Result) -> Result { state.withLock(body) }

    private func called(_ name: String) throws(IPVSError) {
        let fails = with { state in
            state.calls.append(name)
            return state.failingCall == state.calls.count
        }
        if fails { throw IPVSError(.system, .readServices, errno: EIO) }
    }

    func compare(
        with desired: Table,
        where isIncluded: (VirtualServer) -> Bool
    ) throws(IPVSError) -> Comparison {
        try called("list")
        var comparison = Comparison(with: desired)
        do {
            for service in with({ $0.services.values }) where isIncluded(service.server) {
                try comparison.compare(service.server, service.realServers.reversed())
            }
        } catch {
            throw IPVSError(.tableChanging, .readServices)
        }
        return comparison
    }

    func service(_ id: VirtualServer.Identity) throws(IPVSError) -> Table.Service? {
        try called("read \(id)")
        return with { $0.services[id] }
    }

    func realServers(of id: VirtualServer.Identity) throws(IPVSError) -> [RealServer.Status] {
        try called("look at \(id)")
        let found = with { state in
            state.services[id].map { service in
                service.realServers.map { real in
                    let connections = state.connections[Drain.Target(real.endpoint, of: id)] ?? 0
                    return RealServer.Status(server: real, inactiveConnections: connections)
                }
            }
        }
        guard let found else { throw IPVSError(.serviceNotFound, .readDestinations(id)) }
        return found
    }

    func perform(_ plan: Plan) throws(IPVSError) -> Batch.Outcome {
        try called("perform")
        return with { state in
            var failures: [Batch.Failure] = []
            for (index, change) in plan.changes.enumerated() {
                state.changes.append(change)
                guard let errno = state.verdict(change) ?? state.make(change) else { continue }
                let code: IPVSError.Code =
                    switch errno {
                    case ESRCH: .serviceNotFound
                    case ENOENT: .realServerNotFound
                    case EEXIST: .serviceExists
                    default: .system
                    }
                failures.append(Batch.Failure(index: index, error: IPVSError(code, change.request, errno: errno)))
            }
            return Batch.Outcome(succeeded: plan.changes.count - failures.count, failures: failures)
        }
    }
}

extension FakeTable.State {
    /// Makes a change, or returns why the kernel would not.
    fileprivate mutating func make(_ change: Plan.Change) -> Int32? {
        let id = change.virtualServer
        if case .addServer(let server) = change {
            if services[id] != nil { return EEXIST }
            services[id] = Table.Service(server)
            return nil
        }
        guard var service = services.removeValue(forKey: id) else { return ESRCH }
        var errno: Int32?
        switch change {
        case .addServer: break
        case .deleteServer: return nil
        case .updateServer(let server, _): service.server = server
        case .addReal(let real, _):
            if service[real.endpoint] == nil { service.replace(real) } else { errno = EEXIST }
        case .updateReal(let real, _, _):
            if service[real.endpoint] != nil { service.replace(real) } else { errno = ENOENT }
        case .deleteReal(let real, _):
            if service.remove(real.endpoint) == nil { errno = ENOENT }
        }
        services[id] = service
        return errno
    }
}
