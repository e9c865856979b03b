internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPCompression
internal import NIOPosix
internal import NIOSSL

/// Listens at an address.
struct Listener: Sendable {
    private let channel: any Channel

    /// Answers from this size on are compressed, if the client likes, as a real server does.
    private static let compressedSize = 128 * 1024

    /// Starts to listen.
    init(
        address: String,
        port: Int,
        identity: CertificateAuthority.Identity,
        core: Core,
        on eventLoop: any EventLoop
    ) async throws {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(identity.certificate.utf8)).map {
                .certificate($0)
            },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.key.utf8), format: .pem))
        )
        configuration.applicationProtocols = ["http/1.1"]
        // Like a real server, it asks for a certificate, and answers 401 later if it doesn't know it.
        configuration.certificateVerification = .optionalVerification
        let context = try NIOSSLContext(configuration: configuration)
        // The socket belongs to the network namespace of the thread that makes it.
        channel = try await eventLoop.flatSubmit {
            ServerBootstrap(group: eventLoop)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { child in
                    child.eventLoop.makeCompletedFuture {
                        try Self.configure(child, context: context, core: core)
                    }
                }
                .bind(host: address, port: port)
        }.get()
    }

    private static func configure(_ child: any Channel, context: NIOSSLContext, core: Core) throws {
        try child.syncOptions?.setOption(.autoRead, value: !core.isPaused)
        let pipeline = child.pipeline.syncOperations
        try pipeline.addHandler(
            NIOSSLServerHandler(context: context) { _, promise in promise.succeed(.certificateVerified) }
        )
        // Pipelining assistance would not read while an answer lasts, and so never see that the client of a watch went away.
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
        try pipeline.addHandler(
            HTTPResponseCompressor { head, _ in
                let length = head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0
                return length >= compressedSize ? .compressIfPossible : .doNotCompress
            }
        )
        try pipeline.addHandler(ConnectionHandler(core: core, eventLoop: child.eventLoop))
    }

    /// The port.
    var port: Int { channel.localAddress?.port ?? 0 }

    /// Stops listening.
    func close() async throws { try await channel.close() }
}
