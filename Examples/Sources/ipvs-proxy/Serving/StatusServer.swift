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
    let endpoint: Endpoint
    let logger: Logger
    let pages: [String: @Sendable () async -> Answer]

    func run() async throws {
        // Its own logger would tell each probe.
        let server = HTTPServer(config: try configuration())
        for (path, page) in pages {
            await server.appendRoute(HTTPRoute(methods: [.GET], path: path)) { _ in await page().response }
            // Not HEAD either: FlyingFox would send the page with it.
            await server.appendRoute(HTTPRoute(methods: HTTPMethod.allMethods, path: path)) { _ in
                HTTPResponse(statusCode: .methodNotAllowed, headers: [HTTPHeader("Allow"): "GET"], body: Data())
            }
        }
        logger.info("answering \(pages.keys.sorted().joined(separator: ", ")) on http://\(endpoint)")
        do {
            try await withGracefulShutdownHandler {
                try await server.run()
            } onGracefulShutdown: {
                Task { await server.stop() }
            }
        } catch {
            // It ends with an error even where it was told to end.
            guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
            throw Failure("can't answer HTTP on \(endpoint): \(Self.reason(error))")
        }
    }

    private func configuration() throws -> HTTPServer.Configuration {
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
