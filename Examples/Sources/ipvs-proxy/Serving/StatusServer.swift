import Common
import Glibc
import IPVS
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// An HTTP server for a few fixed pages.
struct StatusServer: Service {
    private let listener: any Channel

    /// One thread for all servers, as pages are created elsewhere. It lives as long as the program.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// The maximum number of open connections, so that the program has file descriptors left for its work. Beyond it,
    /// the oldest connection is closed.
    static let connectionLimit = 128

    // Starts listening here, so that an address that can't be used is detected before anything else is changed.
    // `patience` is the time limit for a request of a client.
    init(
        _ endpoint: Endpoint,
        _ logger: Logger,
        pages: [String: StatusPages.Page],
        patience: Duration = .seconds(10)
    ) async throws {
        let bootstrap = ServerBootstrap(group: Self.group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { listener in
                listener.eventLoop.makeCompletedFuture {
                    let connections = Connections { logger.error("\(Self.sentence(endpoint, $0))") }
                    try listener.pipeline.syncOperations.addHandler(connections)
                }
            }
            .childChannelInitializer { connection in
                connection.eventLoop.makeCompletedFuture {
                    let pipeline = connection.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline()
                    // After the parser, so that bytes that are not yet a part of a request don't count as activity.
                    try pipeline.addHandler(IdleStateHandler(readTimeout: TimeAmount(patience)))
                    try pipeline.addHandler(Requests(pages))
                }
            }
        do {
            let address = try SocketAddress(ipAddress: "\(endpoint.address)", port: Int(endpoint.port))
            listener = try await bootstrap.bind(to: address).get()
        } catch {
            throw Failure(Self.sentence(endpoint, error))
        }
        logger.info("answering \(pages.keys.sorted().joined(separator: ", ")) on http://\(endpoint)")
    }

    /// Runs until it is shut down, even if it fails, as traffic doesn't depend on it.
    func run() async {
        // It fails if the task is cancelled, which ends it too.
        try? await gracefulShutdown()
        // One that is already closed has ended properly.
        try? await listener.close()
    }

    private static func sentence(_ endpoint: Endpoint, _ error: any Error) -> String {
        let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        return "can't answer HTTP on \(endpoint): \(reason)"
    }
}

/// The open connections of a listener, which are closed with it.
private final class Connections: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let tell: (any Error) -> Void

    /// The connections, the oldest first.
    private var connections: [any Channel] = []

    init(tell: @escaping (any Error) -> Void) { self.tell = tell }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        // A client that opens many idle connections can't exclude others: a new connection is answered before it is the
        // oldest one.
        if connections.count == StatusServer.connectionLimit { connections.removeFirst().close(promise: nil) }
        connections.append(connection)
        connection.closeFuture.assumeIsolated().whenComplete { _ in
            self.connections.removeAll { $0 === connection }
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        for connection in connections {
            connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        context.fireChannelInactive()
    }

    /// Errors such as too many open files. NIO tries again after a second.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        tell(error)
        context.fireErrorCaught(error)
    }
}
