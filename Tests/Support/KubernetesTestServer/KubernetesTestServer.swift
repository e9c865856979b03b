internal import NIOConcurrencyHelpers
internal import NIOCore
public import NIOPosix

/// A scripted Kubernetes API server, which speaks the real protocol over HTTPS and fails as tests want it to.
///
///     let server = try await KubernetesTestServer()
///     try server.apply(["apiVersion": "v1", "kind": "Service", "metadata": ["name": "web"]])
///     server.faults.add(.hang, on: .watch(.services))
///
/// It answers as a real one does, of which its messages are. `kubectl` can read and change its objects too.
public final class KubernetesTestServer: Sendable {
    let core: Core

    private let group: MultiThreadedEventLoopGroup
    private let address: String
    private let names: [String]
    private let state: NIOLockedValueBox<State>

    private struct State: Sendable {
        var port: Int
        var listener: Listener?

        /// It stays when the server is started again, as it doesn't disturb.
        var reserved: ReservedPort?
    }

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - address: The address that it listens at.
    ///   - port: The port; 0 for any free one, which the server keeps when it is stopped and started.
    ///   - names: Names and addresses that its certificate is for, besides `localhost`, `127.0.0.1` and `::1`.
    ///   - certificate: Which certificate it has.
    ///   - thread: The thread that it listens with, whose network namespace is the server's; nil for a new one.
    /// - Throws: An error if it can't listen there, or if the program `openssl` fails.
    public init(
        address: String = "127.0.0.1",
        port: Int = 0,
        names: [String] = [],
        certificate: Certificate = .trusted,
        thread: MultiThreadedEventLoopGroup? = nil
    ) async throws {
        group = thread ?? MultiThreadedEventLoopGroup(numberOfThreads: 1)
        core = Core(eventLoop: group.next(), store: Store())
        self.address = address
        self.names = names
        state = NIOLockedValueBox(State(port: port))
        for name in ["default", "kube-system"] {
            try apply(["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]])
        }
        try await start(certificate: certificate)
    }

    deinit {
        // It takes the listener and all connections along.
        group.shutdownGracefully { _ in }
    }

    /// Which certificate the server has.
    public enum Certificate: Hashable, Sendable {
        /// One that ``caPEM`` vouches for.
        case trusted

        /// One of another certificate authority.
        case otherAuthority

        /// One that has expired.
        case expired

        /// One for another name.
        case otherName
    }

    /// Starts the server again after ``stop()``, at the same port and with the same objects.
    public func start(certificate: Certificate = .trusted) async throws {
        let authority = try CertificateAuthority.shared.get()
        let allNames = ["localhost", "127.0.0.1", "::1"] + names
        let identity =
            switch certificate {
            case .trusted: try authority.server(names: allNames)
            case .otherAuthority: try CertificateAuthority.other.get().server(names: allNames)
            case .expired: try authority.server(names: allNames, isExpired: true)
            case .otherName: try authority.server(names: ["other.example"])
            }
        let listener = try await Listener(
            address: address,
            port: port,
            identity: identity,
            core: core,
            on: core.eventLoop
        )
        state.withLockedValue { ($0.port, $0.listener) = (listener.port, listener) }
    }

    /// Stops the server as if it were killed: connections are closed, and new ones refused.
    public func stop() async throws {
        let listener = state.withLockedValue { state in
            defer { state.listener = nil }
            return state.listener
        }
        try await listener?.close()
        if state.withLockedValue({ $0.reserved == nil }) {
            let reserved = ReservedPort(address: address, port: port)
            state.withLockedValue { $0.reserved = reserved }
        }
        try await core.eventLoop.submit { [core] in core.closeConnections() }.get()
    }

    /// Stops the server, and starts it again.
    public func restart(certificate: Certificate = .trusted) async throws {
        try await stop()
        try await start(certificate: certificate)
    }

    /// Lets the server hang as a whole: connections stay open and are accepted, but nothing is read or sent any more.
    public func pause() async throws { try await core.eventLoop.submit { [core] in core.setPaused(true) }.get() }

    /// Goes on after ``pause()``.
    public func resume() async throws { try await core.eventLoop.submit { [core] in core.setPaused(false) }.get() }

    /// The port.
    public var port: Int { state.withLockedValue(\.port) }

    /// The server's URL.
    public var url: String { "https://\(address.contains(":") ? "[\(address)]" : address):\(port)" }

    /// The certificate of the authority that clients should trust.
    public var caPEM: String {
        get throws { try CertificateAuthority.shared.get().certificate }
    }

    /// Something that the server could not do.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }
    }
}
