import AsyncHTTPClient
import NIOCore
import NIOHTTPCompression
import NIOPosix
import NIOSSL

/// The connections to a server with the same TLS material.
///
/// Each request holds them until its answer has been read, so that those with replaced certificates are closed when the last of
/// their requests has ended.
final class HTTPConnections: Sendable {
    let client: HTTPClient

    init(_ configuration: HTTPClient.Configuration) { client = HTTPClient(configuration: configuration) }

    deinit {
        // The client keeps itself alive until it has shut down. If it already has, it reports that.
        client.shutdown { _ in }
    }
}

extension HTTPClient.Configuration {
    /// The configuration for a server.
    init(_ configuration: ClientConfiguration, _ material: TLSMaterial) throws(ClientConfigurationError) {
        self.init()
        // With HTTP/1.1, each watch has a connection of its own: none of them waits for the data of others, cancellation closes
        // the connection, and the kernel finds out by itself when it is dead. With HTTP/2 all of them would share one, and
        // async-http-client sends no pings on it.
        httpVersion = .http1Only
        // More watches than this would wait for each other.
        connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        connectionPool.idleTimeout = .seconds(60)
        // Whoever asks waits before it asks again.
        connectionPool.retryConnectionEstablishment = false
        timeout = Timeout(connect: .seconds(10), read: nil)
        redirectConfiguration = .disallow
        decompression = .enabled(limit: .size(AnswerLimits.body))
        tlsConfiguration = try material.tls(configuration)
        if let proxy = configuration.proxy { self.proxy = proxy.client }
        let identity = try identity(configuration)
        http1_1ConnectionDebugInitializer = { channel in
            ConnectionLiveness.enable(on: channel).flatMap {
                identity?.check(channel) ?? channel.eventLoop.makeSucceededVoidFuture()
            }
        }
    }

    /// Sets which name the certificate must have.
    ///
    /// - Returns: What has to be checked once there is a connection; nil if NIOSSL has checked all.
    private mutating func identity(
        _ configuration: ClientConfiguration
    ) throws(ClientConfigurationError) -> ServerIdentity? {
        guard configuration.server.isSecure, !configuration.isInsecure else { return nil }
        let host = configuration.server.host
        let identity = ServerIdentity(configuration.tlsServerName ?? host)
        if let name = configuration.tlsServerName, name != host {
            guard !identity.isAddress else {
                throw ClientConfigurationError(
                    "tls-server-name: \(name.visible): must be a host name, not an IP address"
                )
            }
            // The URL of requests has this name then.
            dnsOverride = [name: host]
        }
        guard identity.isAddress else { return identity }
        guard configuration.proxy != nil else { return nil }
        // NIOSSL looks for the address of the peer in the certificate, and that is the proxy's.
        tlsConfiguration?.certificateVerification = .noHostnameVerification
        return identity
    }
}

extension ProxyURL {
    fileprivate var client: HTTPClient.Configuration.Proxy {
        switch kind {
        case .socks5: return .socksServer(host: host, port: port)
        case .http:
            guard username != nil || password != nil else { return .server(host: host, port: port) }
            let authorization = HTTPClient.Authorization.basic(username: username ?? "", password: password?.text ?? "")
            return .server(host: host, port: port, authorization: authorization)
        }
    }
}

/// How much an answer may have.
enum AnswerLimits {
    /// The bytes of a body, after decompression.
    static let body = 512 << 20

    /// The bytes of a watch event.
    static let event = 16 << 20

    /// The bytes of the body of an error that are read.
    static let error = 64 << 10
}
