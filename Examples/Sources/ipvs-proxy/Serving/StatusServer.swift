import Common
import IPVS
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// An HTTP server for a few fixed pages.
struct StatusServer: Service {
    private let endpoint: Endpoint
    private let pages: [String: StatusPages.Page]
    private let patience: Duration
    private let retryInterval: Duration?
    private let logger: Logger

    /// Nil if the address could not be used yet.
    private let first: HTTPListener?

    /// Starts listening here, so that an address that can't be used is detected before anything else is changed.
    ///
    /// - Parameters:
    ///   - endpoint: The address.
    ///   - logger: The logger.
    ///   - pages: The pages by their paths.
    ///   - patience: The time limit for a request of a client.
    ///   - retryInterval: The time between two attempts to use an address that can't be used; nil to give up at once.
    /// - Throws: `Failure` if the address can't be used, and there is to be no other attempt.
    init(
        _ endpoint: Endpoint,
        _ logger: Logger,
        pages: [String: StatusPages.Page],
        patience: Duration = .seconds(10),
        retryInterval: Duration? = nil
    ) async throws(Failure) {
        (self.endpoint, self.pages, self.logger) = (endpoint, pages, logger)
        (self.patience, self.retryInterval) = (patience, retryInterval)
        do throws(Failure) {
            first = try await Self.listen(endpoint, logger, pages: pages, patience: patience)
        } catch {
            guard let retryInterval else { throw error }
            for sentence in error.sentences { logger.warning("\(sentence); trying again every \(retryInterval)") }
            first = nil
        }
    }

    /// Runs until it is shut down, even if it fails, as traffic doesn't depend on it.
    func run() async {
        let listener = if let first { first } else { await retry() }
        // It fails if the task is cancelled, which ends it too.
        try? await gracefulShutdown()
        await listener?.close()
    }

    /// Tries until the address can be used; nil at the end of the program.
    private func retry() async -> HTTPListener? {
        while let retryInterval {
            guard await sleepUntilShutdown(for: retryInterval) else { return nil }
            // The reason was logged when the address could not be used first.
            if let listener = try? await Self.listen(endpoint, logger, pages: pages, patience: patience) {
                return listener
            }
        }
        return nil
    }

    private static func listen(
        _ endpoint: Endpoint,
        _ logger: Logger,
        pages: [String: StatusPages.Page],
        patience: Duration
    ) async throws(Failure) -> HTTPListener {
        let listener: HTTPListener
        do {
            let address = try SocketAddress(ipAddress: "\(endpoint.address)", port: Int(endpoint.port))
            let tell = { @Sendable (error: any Error) in logger.error("\(sentence(endpoint, error))") }
            listener = try await HTTPListener(pages: { pages[$0] }, patience: patience, tell: tell) { bootstrap in
                bootstrap.bind(to: address)
            }
        } catch {
            throw Failure(sentence(endpoint, error))
        }
        logger.info("answering \(pages.keys.sorted().joined(separator: ", ")) on http://\(endpoint)")
        return listener
    }

    private static func sentence(_ endpoint: Endpoint, _ error: any Error) -> String {
        "can't answer HTTP on \(endpoint): \(error.reasonForHTTP)"
    }
}
