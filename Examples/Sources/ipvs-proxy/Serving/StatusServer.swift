import Common
import IPVS
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// An HTTP server for a few fixed pages.
struct StatusServer: Service {
    private let listener: HTTPListener

    // Starts listening here, so that an address that can't be used is detected before anything else is changed.
    // `patience` is the time limit for a request of a client.
    init(
        _ endpoint: Endpoint,
        _ logger: Logger,
        pages: [String: StatusPages.Page],
        patience: Duration = .seconds(10)
    ) async throws {
        do {
            let address = try SocketAddress(ipAddress: "\(endpoint.address)", port: Int(endpoint.port))
            let tell = { @Sendable (error: any Error) in logger.error("\(Self.sentence(endpoint, error))") }
            listener = try await HTTPListener(pages: { pages[$0] }, patience: patience, tell: tell) { bootstrap in
                bootstrap.bind(to: address)
            }
        } catch {
            throw Failure(Self.sentence(endpoint, error))
        }
        logger.info("answering \(pages.keys.sorted().joined(separator: ", ")) on http://\(endpoint)")
    }

    /// Runs until it is shut down, even if it fails, as traffic doesn't depend on it.
    func run() async {
        // It fails if the task is cancelled, which ends it too.
        try? await gracefulShutdown()
        await listener.close()
    }

    private static func sentence(_ endpoint: Endpoint, _ error: any Error) -> String {
        "can't answer HTTP on \(endpoint): \(error.reasonForHTTP)"
    }
}
