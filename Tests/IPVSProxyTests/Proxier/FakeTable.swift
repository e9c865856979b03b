import Glibc
import IPVSTestModels

@testable import IPVS
@testable import IPVSProxy

/// Stands in for the kernel's table: it keeps what is added, refuses what the kernel refuses, and fails on demand.
final class FakeTable: KernelTable {
    struct State: Sendable {
        var services: [VirtualServer.Identity: Table.Entry] = [:]
        /// The number of connections of real servers, in any state.
        var connections: [Drain.Target: UInt32] = [:]
        /// Each call, as a word.
        var calls: [String] = []
        /// All requested changes.
        var changes: [Table.Plan.Change] = []
        /// The errno for a change, which is then not made.
        var verdict: @Sendable (Table.Plan.Change) -> Int32? = { _ in nil }
        /// The number of the call that fails as a whole, starting with 1.
        var failingCall: Int?
        /// The error of that call.
        var failure = EIO

        var table: Table {
            var table = Table()
            for service in services.values { table.replace(service) }
            return table
        }

        /// The timeouts of idle connections.
        var timeouts = Timeouts(tcp: 900, tcpFIN: 120, udp: 300)
        /// The largest timeout that the kernel's clock can count.
        var longestTimeout: UInt32 = 2_147_483

        /// Forgets all earlier calls and changes.
        mutating func startAnew() { (calls, changes) = ([], []) }
    }

    private let state = Locked(State())

    func with<Result>(_ body: (inout State) -> Result) -> Result { state.withLock(body) }

    private func called(_ name: String) throws(IPVSError) {
        let failure: Int32? = with { state in
            state.calls.append(name)
            return state.failingCall == state.calls.count ? state.failure : nil
        }
        guard let failure else { return }
        throw IPVSError(failure == EPERM ? .permissionDenied : .system, .readVirtualServers, errno: failure)
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
            throw IPVSError(.tableChanging, .readVirtualServers)
        }
        return comparison
    }

    func entry(_ id: VirtualServer.Identity) throws(IPVSError) -> Table.Entry? {
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
        guard let found else { throw IPVSError(.virtualServerNotFound, .readRealServers(id)) }
        return found
    }

    func timeouts() throws(IPVSError) -> Timeouts {
        try called("read timeouts")
        return with { $0.timeouts }
    }

    func setTimeouts(_ timeouts: Timeouts) throws(IPVSError) {
        try called("set timeouts")
        let values = [timeouts.tcp, timeouts.tcpFIN, timeouts.udp]
        let isValid = with { state in
            guard values.allSatisfy({ (1...state.longestTimeout).contains($0 ?? 1) }) else { return false }
            state.timeouts.tcp = timeouts.tcp ?? state.timeouts.tcp
            state.timeouts.tcpFIN = timeouts.tcpFIN ?? state.timeouts.tcpFIN
            state.timeouts.udp = timeouts.udp ?? state.timeouts.udp
            return true
        }
        if !isValid { throw IPVSError(.invalidValue, .setTimeouts(timeouts), errno: EINVAL) }
    }

    func make(_ plan: Table.Plan) throws(IPVSError) -> Handle.Batch.Outcome {
        try called("make")
        return with { state in
            var failures: [Handle.Batch.Failure] = []
            for (index, change) in plan.changes.enumerated() {
                state.changes.append(change)
                guard let errno = state.verdict(change) ?? state.make(change) else { continue }
                let code: IPVSError.Code =
                    switch errno {
                    case ESRCH: .virtualServerNotFound
                    case ENOENT: .realServerNotFound
                    case EEXIST: .virtualServerExists
                    default: .system
                    }
                failures.append(
                    Handle.Batch.Failure(index: index, error: IPVSError(code, change.request, errno: errno))
                )
            }
            return Handle.Batch.Outcome(succeeded: plan.changes.count - failures.count, failures: failures)
        }
    }
}

extension FakeTable.State {
    /// Makes a change, or returns the error that the kernel would give.
    fileprivate mutating func make(_ change: Table.Plan.Change) -> Int32? {
        let id = change.virtualServer
        if case .addVirtualServer(let server) = change {
            if services[id] != nil { return EEXIST }
            services[id] = Table.Entry(server)
            return nil
        }
        guard var service = services.removeValue(forKey: id) else { return ESRCH }
        var errno: Int32?
        switch change {
        case .addVirtualServer: break
        case .deleteVirtualServer: return nil
        case .updateVirtualServer(let server, _): service.server = server
        case .addRealServer(let real, _):
            if service[real.endpoint] == nil { service.replace(real) } else { errno = EEXIST }
        case .updateRealServer(let real, _, _):
            if service[real.endpoint] != nil { service.replace(real) } else { errno = ENOENT }
        case .deleteRealServer(let real, _):
            if service.remove(real.endpoint) == nil { errno = ENOENT }
        }
        services[id] = service
        return errno
    }
}
