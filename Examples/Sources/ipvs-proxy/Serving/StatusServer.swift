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
    private let logger: Logger
    private let server: HTTPServer

    /// Goes on until the server is stopped or fails.
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
        (self.endpoint, self.logger, self.server) = (endpoint, logger, server)
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
            throw Self.failure(endpoint, await answering.failure ?? error)
        }
        logger.info("answering \(pages.keys.sorted().joined(separator: ", ")) on http://\(endpoint)")
    }

    /// Goes on until it is told to end, whatever fails: such as for more connections than the program may have open, which
    /// are closed then. Traffic does not depend on it.
    func run() async {
        var failure = await withTaskCancellationOrGracefulShutdownHandler {
            await answering.failure
        } onCancelOrGracefulShutdown: {
            Task { await server.stop() }
        }
        // It ends with an error even where it was told to end.
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            for sentence in failure.map({ Self.failure(endpoint, $0).sentences }) ?? [] { logger.error("\(sentence)") }
            failure = await answerAgain()
        }
    }

    /// Answers again after a while; gives why it does so no more.
    private func answerAgain() async -> (any Error)? {
        do {
            try await cancelWhenGracefulShutdown {
                try await Task.sleep(for: .seconds(1))
                try await server.run()
            }
            return nil
        } catch {
            return error
        }
    }

    private static func failure(_ endpoint: Endpoint, _ error: any Error) -> Failure {
        Failure("can't answer HTTP on \(endpoint): \(reason(error))")
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

extension Task where Success == Void, Failure == any Error {
    /// Why it failed, when it has ended; nil if it did not.
    fileprivate var failure: (any Error)? {
        get async {
            switch await result {
            case .success: nil
            case .failure(let error): error
            }
        }
    }
}
