import NIOSSL

extension APIError {
    /// What is wrong with TLS, as far as BoringSSL says it.
    static func cause(tls error: any Error, _ server: ServerURL) -> (Code, String) {
        if error as? NIOSSLExtraError == .failedToValidateHostname {
            return (
                .untrusted,
                "the certificate of \(server.authority) has another name; set tls-server-name to a name that it has, or "
                    + "the server to a host that it names"
            )
        }
        let text = reasons(error)
        // The words of BoringSSL, which is silent on why a certificate is not trusted.
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return (
                .untrusted,
                "the certificate of \(server.authority) is not trusted: it is not of a known certificate authority, or it has "
                    + "expired or is not yet valid"
            )
        }
        if text.contains("CERTIFICATE_REQUIRED") {
            return (.untrusted, "\(server.authority) wants a client certificate")
        }
        if text.contains("ALERT"), text.contains("CERTIFICATE") || text.contains("UNKNOWN_CA") {
            return (.untrusted, "\(server.authority) does not trust the client's certificate (\(text))")
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            return (.disconnected, "\(server.authority) does not speak TLS")
        }
        if text.contains("UNSUPPORTED_PROTOCOL") || text.contains("ALERT_PROTOCOL_VERSION") {
            return (.untrusted, "\(server.authority) speaks only versions of TLS before 1.2")
        }
        if case NIOSSLError.uncleanShutdown = error {
            return (.disconnected, "\(server.authority) closed the connection without ending TLS")
        }
        if text == "EOF during handshake" || text.isEmpty {
            return (.disconnected, "\(server.authority) closed the connection during the TLS handshake")
        }
        return (.disconnected, "TLS with \(server.authority) failed (\(text))")
    }

    /// The reasons that BoringSSL names, such as `CERTIFICATE_VERIFY_FAILED`, without places in its source.
    private static func reasons(_ error: any Error) -> String {
        let boring: BoringSSLError? =
            switch error {
            case NIOSSLError.handshakeFailed(let error), NIOSSLError.shutdownFailed(let error): error
            default: error as? BoringSSLError
            }
        guard let boring else { return "\(error)" }
        switch boring {
        case .sslError(let stack), .unknownError(let stack), .invalidSNIName(let stack), .failedToSetALPN(let stack):
            let reasons = stack.map { error in
                // The form is `Error: 268435581 error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at FILE`.
                let text = "\(error)".split(separator: " at ").first ?? ""
                let words = text.hasPrefix("Error: ") ? text.dropFirst("Error: ".count) : text
                return words.split(separator: ":").last.map { String($0).trimmed } ?? ""
            }
            return reasons.joined(separator: ", ")
        default: return "\(boring)"
        }
    }
}

extension String {
    /// The text without spaces around it.
    fileprivate var trimmed: String { split(separator: " ").joined(separator: " ") }
}
