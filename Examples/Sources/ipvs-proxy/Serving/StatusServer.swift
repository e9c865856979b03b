import Common
import Glibc
import IPVS
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// Answers HTTP requests for a few fixed pages.
struct StatusServer: Service {
    private let listener: any Channel

    /// One thread is enough for all servers: pages are made elsewhere. It lives as long as the program.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// How many connections can be open, so that the program keeps file descriptors for its work. For one more the
    /// oldest is closed.
    static let connectionLimit = 128

    // It begins to answer here, so that it is known whether the address can be had before anything is done that a
    // failure would have to undo. `patience` is how long a client may take for a request.
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
                    // Behind the parser: bytes that make no part of a request yet don't count as a sign of life.
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

    /// Goes on until it is told to end, whatever fails: traffic does not depend on it.
    func run() async {
        // It fails where the task is cancelled, which is to end it too.
        try? await gracefulShutdown()
        // One that is closed already has ended as it should.
        try? await listener.close()
    }

    private static func sentence(_ endpoint: Endpoint, _ error: any Error) -> String {
        let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
        return "can't answer HTTP on \(endpoint): \(reason)"
    }
}

/// The open connections of a listener, which end with it.
private final class Connections: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let tell: (any Error) -> Void

    /// The oldest first.
    private var connections: [any Channel] = []

    init(tell: @escaping (any Error) -> Void) { self.tell = tell }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        // Whoever opens many and is silent shuts out nobody: who comes later is answered before it is the oldest.
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

    /// Such as that there are too many open files; NIO tries again after a second.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        tell(error)
        context.fireErrorCaught(error)
    }
}
