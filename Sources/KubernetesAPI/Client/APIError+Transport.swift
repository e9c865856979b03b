import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL

extension APIError {
    /// The error that a request without an answer, or whose answer breaks off, has.
    ///
    /// Messages of other libraries are not repeated if they can have headers, as these have secrets.
    init(_ request: APIRequest, _ error: any Error, _ server: ServerURL) {
        if let error = error as? APIError {
            self = error
            return
        }
        let (code, words) = Self.cause(error, server)
        self.init(code, "can't \(request.action): \(words)")
    }

    private static func cause(_ error: any Error, _ server: ServerURL) -> (Code, String) {
        switch error {
        case is CancellationError: (.cancelled, "the request was cancelled")
        case let error as HTTPClientError: cause(error, server)
        case let error as NIOConnectionError: cause(error)
        case let error as IOError:
            (.disconnected, "the connection to \(server.authority) failed: \(errorText(error.errnoCode))")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: cause(tls: error, server)
        case let error as SocketAddressError: cause(error, server)
        case is NIOTooManyBytesError, is NIOHTTPDecompression.DecompressionError:
            (.malformedAnswer, "the answer is too large, or its compression is wrong")
        // The other end closes the connection in the middle of a body.
        case HTTPParserError.invalidEOFState: (.disconnected, "\(server.authority) closed the connection")
        case is HTTPParserError: (.malformedAnswer, "the answer is not HTTP")
        case let error as ChannelError:
            if case .connectTimeout = error {
                (.timedOut, "\(server.authority) did not accept a connection in time")
            } else {
                (.disconnected, "the connection to \(server.authority) broke")
            }
        default: (.disconnected, "the connection to \(server.authority) failed: \(type(of: error))")
        }
    }

    private static func cause(_ error: HTTPClientError, _ server: ServerURL) -> (Code, String) {
        switch error {
        case .cancelled, .alreadyShutdown: (.cancelled, "the client was shut down, or the request was cancelled")
        case .connectTimeout, .getConnectionFromPoolTimeout:
            (.timedOut, "\(server.authority) did not accept a connection in time")
        case .tlsHandshakeTimeout: (.timedOut, "\(server.authority) did not complete the TLS handshake in time")
        case .deadlineExceeded, .readTimeout, .writeTimeout: (.timedOut, "\(server.authority) did not answer in time")
        case .socksHandshakeTimeout, .httpProxyHandshakeTimeout: (.timedOut, "the proxy did not answer in time")
        case .proxyAuthenticationRequired: (.disconnected, "the proxy wants a user name and a password")
        case .invalidProxyResponse: (.disconnected, "the proxy makes no connection to \(server.authority)")
        case .remoteConnectionClosed: (.disconnected, "\(server.authority) closed the connection")
        default: (.disconnected, "the request to \(server.authority) failed: \(error.shortDescription)")
        }
    }

    /// Why there is no connection to any address of a host name.
    private static func cause(_ error: NIOConnectionError) -> (Code, String) {
        let failures = error.connectionErrors.map { failure in
            let words = (failure.error as? IOError).map { errorText($0.errnoCode) } ?? "no connection"
            return "\(failure.target.ipAddress ?? "\(failure.target)"): \(words)"
        }
        if failures.isEmpty {
            return (.disconnected, "the name \(error.host.visible) has no address, or DNS does not answer")
        }
        return (
            .disconnected, "\(error.host.visible):\(error.port) can't be reached: \(failures.joined(separator: ", "))"
        )
    }

    private static func cause(_ error: SocketAddressError, _ server: ServerURL) -> (Code, String) {
        (.disconnected, "the name \(server.host.visible) has no address, or DNS does not answer")
    }
}
