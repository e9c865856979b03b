internal import Foundation
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix

/// An HTTP proxy that forwards connections, as `CONNECT` asks it to.
public final class TestProxy: Sendable {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let channel: any Channel
    private let connected = NIOLockedValueBox<[String]>([])

    /// Starts a proxy at a free port.
    ///
    /// - Parameter login: The user name and the password that it wants, such as `user:password`; nil for none.
    /// - Throws: An error if it can't listen.
    public init(login: String? = nil) async throws {
        let authorization = login.map { "Basic " + Data($0.utf8).base64EncodedString() }
        let connected = connected
        channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(
                        Connector(authorization: authorization) { target in
                            connected.withLockedValue { $0.append(target) }
                        }
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    deinit { group.shutdownGracefully { _ in } }

    /// The host and the port.
    public var authority: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// The hosts and ports that it was asked to connect to.
    public var targets: [String] { connected.withLockedValue(\.self) }
}

/// Reads the head of a request, and becomes one end of a tunnel.
private final class Connector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let authorization: String?
    private let onTarget: (String) -> Void
    private var head = ""

    init(authorization: String?, onTarget: @escaping (String) -> Void) {
        self.authorization = authorization
        self.onTarget = onTarget
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // A client says nothing more before it has the answer.
        head += String(buffer: unwrapInboundIn(data))
        guard head.hasSuffix("\r\n\r\n") else { return }
        let lines = head.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3, words[0] == "CONNECT", let colon = words[1].lastIndex(of: ":"),
            let port = Int(words[1][words[1].index(after: colon)...])
        else { return refuse(context.channel, "400 Bad Request") }
        onTarget(String(words[1]))
        if let authorization {
            let isLogin = lines.contains { line in
                line.lowercased().hasPrefix("proxy-authorization:") && line.hasSuffix(" " + authorization)
            }
            guard isLogin else { return refuse(context.channel, "407 Proxy Authentication Required") }
        }
        let host = words[1][..<colon].trimmingCharacters(in: ["[", "]"])
        connect(context.channel, host, port)
    }

    private func connect(_ client: any Channel, _ host: String, _ port: Int) {
        ClientBootstrap(group: client.eventLoop).channelOption(.autoRead, value: false)
            .connect(host: host, port: port).assumeIsolated().whenComplete { [self] result in
                guard case .success(let server) = result else { return refuse(client, "502 Bad Gateway") }
                do {
                    try client.pipeline.syncOperations.addHandler(Tunnel(to: server))
                    try server.pipeline.syncOperations.addHandler(Tunnel(to: client))
                } catch {
                    return refuse(client, "500 Internal Server Error")
                }
                client.pipeline.syncOperations.removeHandler(self, promise: nil)
                client.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n"), promise: nil)
                server.setOption(.autoRead, value: true).whenComplete { _ in }
            }
    }

    private func refuse(_ client: any Channel, _ status: String) {
        let answer = ByteBuffer(string: "HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
        client.writeAndFlush(answer).whenComplete { _ in client.close(promise: nil) }
    }
}

/// Passes on what comes to the other end.
private final class Tunnel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(to other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
}
