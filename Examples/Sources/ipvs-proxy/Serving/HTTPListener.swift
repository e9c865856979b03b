import Glibc
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Accepts connections at an address, and answers HTTP requests.
struct HTTPListener {
    private let channel: any Channel

    /// One thread for all listeners, as pages are created elsewhere. It lives as long as the program.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - pages: The pages by their paths.
    ///   - connections: The open connections, which several listeners can have in common.
    ///   - patience: The time limit for a request of a client.
    ///   - tell: Reports an error later on, such as too many open files.
    ///   - bind: Binds the listener to its address.
    /// - Throws: The error of `bind`.
    init(
        pages: @escaping @Sendable (_ path: String) -> StatusPages.Page?,
        connections: OpenConnections = OpenConnections(),
        patience: Duration,
        tell: @escaping @Sendable (any Error) -> Void,
        bind: (ServerBootstrap) -> EventLoopFuture<any Channel>
    ) async throws {
        let bootstrap = ServerBootstrap(group: Self.group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { listener in
                listener.eventLoop.makeCompletedFuture {
                    let acceptor = Acceptor(connections, tell: tell)
                    try listener.pipeline.syncOperations.addHandler(acceptor)
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
        channel = try await bind(bootstrap).get()
    }

    /// Stops listening, and closes the connections that it has accepted once they are answered.
    func close() async {
        // One that is already closed has ended properly.
        try? await channel.close()
    }
}

/// The open connections of listeners, the oldest first. Only the thread of the listeners uses it.
final class OpenConnections: @unchecked Sendable {
    /// The maximum number of open connections, so that the program has file descriptors left for its work. Beyond it,
    /// the oldest connection is closed.
    static let limit = 128

    private var all: [any Channel] = []

    /// Adds one.
    ///
    /// A client that opens many idle connections can't exclude others: a new connection is answered before it is the
    /// oldest one.
    fileprivate func add(_ connection: any Channel) {
        if all.count == Self.limit { all.removeFirst().close(promise: nil) }
        all.append(connection)
        connection.closeFuture.assumeIsolated().whenComplete { _ in self.all.removeAll { $0 === connection } }
    }
}

/// Accepts the connections of a listener, which are closed with it.
private final class Acceptor: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let tell: (any Error) -> Void
    private let connections: OpenConnections

    /// The listener's own connections.
    private var own: [ObjectIdentifier: any Channel] = [:]

    init(_ connections: OpenConnections, tell: @escaping (any Error) -> Void) {
        (self.connections, self.tell) = (connections, tell)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        connections.add(connection)
        let id = ObjectIdentifier(connection)
        own[id] = connection
        connection.closeFuture.assumeIsolated().whenComplete { _ in self.own.removeValue(forKey: id) }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        for connection in own.values {
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

extension Error {
    /// Why an address can't be used or a connection can't be accepted, in the kernel's words if the error is its own.
    var reasonForHTTP: String {
        (self as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(self)"
    }
}
