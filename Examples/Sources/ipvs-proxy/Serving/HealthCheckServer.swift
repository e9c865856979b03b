import IPVS
import IPVSProxy
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Answers load balancers at the health-check node ports of services, which are opened and closed as services come and go.
actor HealthCheckServer: Service {
    private let updates: AsyncStream<[HealthCheck]>
    private let isHealthy: @Sendable () async -> Bool
    private let sockets: NodeSockets
    private let logger: Logger
    private let patience: Duration

    /// The open ports.
    private var listeners: [Place: HTTPListener] = [:]

    /// Why other ports could not be opened.
    private var obstacles: [Place: String] = [:]

    /// What is answered at each place.
    private var checks: [Place: HealthCheck] = [:]

    /// All ports have as many connections as another server has.
    private let connections = OpenConnections()

    /// Where one service is asked for. If two of them want the same port, only one can have it.
    private struct Place: Hashable {
        let service: NamespacedName
        let port: UInt16

        /// An address of the node; nil for all.
        let address: IPAddress?

        var description: String {
            address.map { "\(Endpoint($0, port))" } ?? "port \(port)"
        }
    }

    /// A server of what is to be answered after each sync.
    init(
        _ updates: AsyncStream<[HealthCheck]>,
        isHealthy: @escaping @Sendable () async -> Bool,
        _ sockets: NodeSockets,
        _ logger: Logger,
        patience: Duration = .seconds(10)
    ) {
        (self.updates, self.isHealthy, self.sockets) = (updates, isHealthy, sockets)
        (self.logger, self.patience) = (logger, patience)
    }

    func run() async {
        for await checks in updates.cancelOnGracefulShutdown() { await update(checks) }
        await update([])
    }

    /// Opens and closes ports, after each sync. Those that could not be opened are tried again.
    private func update(_ current: [HealthCheck]) async {
        checks = [:]
        for check in current {
            let addresses = check.addresses.map { $0.map(Optional.some) } ?? [nil]
            for address in addresses {
                checks[Place(service: check.service, port: check.port, address: address)] = check
            }
        }
        // Before others are opened: a port can move from one service to another.
        for (place, listener) in listeners where checks[place] == nil {
            listeners.removeValue(forKey: place)
            await listener.close()
            logger.debug("no longer answering health checks of \(place.service) on \(place.description)")
        }
        obstacles = obstacles.filter { checks[$0.key] != nil }
        let missing = checks.keys.filter { listeners[$0] == nil }
        for place in missing.sorted(by: { $0.service < $1.service }) { await open(place) }
    }

    private func open(_ place: Place) async {
        do {
            let sentence = "can't answer health checks of \(place.service) on \(place.description)"
            let socket = try sockets.open(at: place.address, port: place.port)
            listeners[place] = try await HTTPListener(
                pages: { _ in { [weak self] in await self?.answer(at: place) ?? Self.gone } },
                connections: connections,
                patience: patience,
                tell: { [logger] in logger.error("\(sentence): \($0.reasonForHTTP)") },
                bind: { $0.withBoundSocket(socket) }
            )
            obstacles.removeValue(forKey: place)
            logger.info("answering health checks of \(place.service) on \(place.description)")
        } catch {
            let reason = error.reasonForHTTP
            guard obstacles.updateValue(reason, forKey: place) != reason else { return }
            logger.error("can't answer health checks of \(place.service) on \(place.description): \(reason)")
        }
    }

    private func answer(at place: Place) async -> Answer {
        guard let check = checks[place] else { return Self.gone }
        let answer = check.answer(isProxierHealthy: await isHealthy())
        return Answer(
            isOK: answer.status == 200,
            answer.headers["Content-Type"] ?? "",
            answer.body,
            headers: answer.headers
        )
    }

    /// The answer at a port that is being closed.
    private static let gone = Answer(isOK: false, "text/plain; charset=utf-8", "")
}
