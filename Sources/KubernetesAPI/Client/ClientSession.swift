import AsyncHTTPClient
import FoundationEssentials
import Logging
import Metrics

/// A client's credentials as they are now, and the connections that have been made with them.
actor ClientSession {
    /// What a request needs.
    struct Access {
        let connections: HTTPConnections
        let authorization: String?
        fileprivate let generation: Int

        /// Whether other credentials than those of another access are used.
        func differs(from other: Access) -> Bool {
            generation != other.generation || connections !== other.connections
        }
    }

    private let configuration: ClientConfiguration
    private let logger: Logger
    private let exec: ExecRunner?
    private var files: TLSFiles
    private var tokenFile: TokenFile?
    private var connections: (value: HTTPConnections, material: TLSMaterial)?
    private var isShutDown = false

    init(_ configuration: ClientConfiguration, logger: Logger, metrics: any MetricsFactory) {
        self.configuration = configuration
        self.logger = logger
        files = TLSFiles(configuration)
        switch configuration.authenticator {
        case .tokenFile(let path, let fallback):
            tokenFile = TokenFile(path, fallback: fallback)
            exec = nil
        case .exec(let plugin): exec = ExecRunner(plugin, metrics: metrics)
        case .none, .token, .basic: exec = nil
        }
    }

    /// The credentials as they are now.
    ///
    /// - Parameter refused: Those that the server refuses, so that others are obtained; nil for none.
    /// - Returns: The credentials.
    /// - Throws: Why they can't be obtained.
    func access(refused: Access? = nil) async throws(APIError) -> Access {
        do {
            var authorization: String?
            var generation = 0
            var program: ExecCredentials?
            switch configuration.authenticator {
            case .none: break
            case .token(let token): authorization = try Self.bearer(token)
            case .basic(let username, let password):
                let data = Data("\(username):".utf8) + Data(password.bytes)
                authorization = "Basic \(data.base64EncodedString())"
            case .tokenFile: (authorization, generation) = try fileToken(refused?.generation)
            case .exec:
                guard let exec else { break }
                let current = try await exec.credentials(refused: refused?.generation)
                generation = current.generation
                program = current.credentials
                authorization = try program?.token.map(Self.bearer)
            }
            return Access(
                connections: try connections(program),
                authorization: authorization,
                generation: generation
            )
        } catch let error as ClientConfigurationError {
            throw APIError(.credentials, error.message)
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError(.credentials, "can't obtain credentials")
        }
    }

    /// Closes all connections.
    func shutDown() async {
        isShutDown = true
        let last = connections?.value
        connections = nil
        try? await last?.client.shutdown()
    }

    private static func bearer(_ token: Secret) throws(ClientConfigurationError) -> String {
        guard let token = BearerToken.checked(token.text) else {
            throw ClientConfigurationError("the bearer token is empty or has characters that no token has")
        }
        return "Bearer \(token.text)"
    }

    private func fileToken(_ refused: Int?) throws(ClientConfigurationError) -> (String?, Int) {
        guard let current = try tokenFile?.token(at: .now, refused: refused) else { return (nil, 0) }
        if let problem = current.problem { logger.warning("\(problem); the last token is used") }
        return (try Self.bearer(current.token), tokenFile?.generation ?? 0)
    }

    /// The connections for the TLS material as it is now.
    private func connections(_ program: ExecCredentials?) throws -> HTTPConnections {
        guard !isShutDown else { throw APIError(.cancelled, "the client has been shut down") }
        do throws(ClientConfigurationError) {
            var material = try files.material()
            if let certificate = program?.certificate, let key = program?.key {
                material.certificate = certificate
                material.key = key
            }
            if let connections, connections.material == material { return connections.value }
            let value = HTTPConnections(try .init(configuration, material))
            if connections != nil { logger.info("certificates have changed; new connections use them") }
            connections = (value, material)
            return value
        } catch {
            // A certificate and its key are not replaced at the same moment, so the next request tries again.
            guard let connections else { throw error }
            logger.warning("\(error); the last certificates are used")
            return connections.value
        }
    }
}
