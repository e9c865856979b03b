import Common
import FlyingFox
import FlyingSocks
import Foundation
import Glibc
import IPVS
import Logging
import ServiceLifecycle

/// Answers HTTP requests for a few fixed pages.
struct StatusServer: Service {
    private let endpoint: Endpoint
    private let server: HTTPServer

    /// Goes on until the server is stopped.
    private let answering: Task<Void, any Error>

    /// Begins to answer.
    ///
    /// So that it is known whether the address can be had before anything is done that a failure would have to undo.
    init(_ endpoint: Endpoint, _ logger: Logger, pages: [String: @Sendable () async -> Answer]) async throws {
        // Its own logger would tell each probe.
        let server = HTTPServer(config: try Self.configuration(endpoint))
        for (path, page) in pages {
            await server.appendRoute(HTTPRoute(methods: [.GET], path: path)) { _ in await page().response }
            // Not HEAD either: FlyingFox would send the page with it.
            await server.appendRoute(HTTPRoute(methods: HTTPMethod.allMethods, path: path)) { _ in
                HTTPResponse(statusCode: .methodNotAllowed, headers: [HTTPHeader("Allow"): "GET"], body: Data())
            }
        }
        (self.endpoint, self.server) = (endpoint, server)
        let listening = Task { try await server.waitUntilListening(timeout: 60) }
        answering = Task {
            // A server that fails leaves those waiting who wait for it to listen.
            defer { listening.cancel() }
            try await server.run()
        }
        do {
            try await listening.value
        } catch {
            answering.cancel()
            try await Self.telling(endpoint) { [answering] in try await answering.value }
            throw error
        }
        logger.info("answering \(pages.keys.sorted().joined(separator: ", ")) on http://\(endpoint)")
    }

    func run() async throws {
        do {
            try await withTaskCancellationOrGracefulShutdownHandler {
                try await Self.telling(endpoint) { try await answering.value }
            } onCancelOrGracefulShutdown: {
                Task { await server.stop() }
            }
        } catch {
            // It ends with an error even where it was told to end.
            guard Task.isShuttingDownGracefully || Task.isCancelled else { throw error }
        }
    }

    /// Tells errors as the program does.
    private static func telling(_ endpoint: Endpoint, _ body: () async throws -> Void) async throws(Failure) {
        do {
            try await body()
        } catch {
            throw Failure("can't answer HTTP on \(endpoint): \(reason(error))")
        }
    }

    private static func configuration(_ endpoint: Endpoint) throws -> HTTPServer.Configuration {
        let address = "\(endpoint.address)"
        // A client has so many seconds to take its answer.
        let timeout = 10.0
        return switch endpoint.address.family {
        case .ipv4:
            HTTPServer.Configuration(
                address: try sockaddr_in.inet(ip4: address, port: endpoint.port),
                timeout: timeout,
                logger: .disabled
            )
        case .ipv6:
            HTTPServer.Configuration(
                address: try sockaddr_in6.inet6(ip6: address, port: endpoint.port),
                timeout: timeout,
                logger: .disabled
            )
        }
    }

    private static func reason(_ error: any Error) -> String {
        if case SocketError.failed(_, _, let message) = error { message } else { "\(error)" }
    }
}
