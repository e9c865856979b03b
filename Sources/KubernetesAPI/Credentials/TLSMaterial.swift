import NIOSSL

/// What a connection needs of files: the certificate authorities, and the client's certificate.
struct TLSMaterial: Equatable, Sendable {
    var authority: Secret?
    var certificate: Secret?
    var key: Secret?
}

extension TLSMaterial {
    /// The configuration of TLS connections.
    ///
    /// - Throws: ``ClientConfigurationError`` if a certificate or a key can't be used.
    func tls(_ configuration: ClientConfiguration) throws(ClientConfigurationError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if configuration.isInsecure { tls.certificateVerification = .none }
        if let authority {
            let origin = configuration.certificateAuthority?.origin ?? "the certificate authority"
            tls.trustRoots = .certificates(try Self.certificates(authority, origin))
        }
        guard let certificate, let key else { return tls }
        let origin = configuration.clientCertificate?.certificate.origin ?? Self.programCertificate
        let keyOrigin = configuration.clientCertificate?.key.origin ?? Self.programKey
        try Self.add(certificate, origin, key, keyOrigin, to: &tls)
        return tls
    }

    private static let programCertificate = "the program's certificate"
    private static let programKey = "the program's key"

    /// Checks the certificate and the key that a program prints.
    ///
    /// - Throws: ``ClientConfigurationError`` if they can't be used.
    static func check(program certificate: Secret, _ key: Secret) throws(ClientConfigurationError) {
        var tls = TLSConfiguration.makeClientConfiguration()
        try add(certificate, programCertificate, key, programKey, to: &tls)
    }

    /// Adds the client's certificate and its key.
    private static func add(
        _ certificate: Secret,
        _ origin: String,
        _ key: Secret,
        _ keyOrigin: String,
        to tls: inout TLSConfiguration
    ) throws(ClientConfigurationError) {
        tls.certificateChain = try certificates(certificate, origin).map { .certificate($0) }
        do {
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key.bytes, format: .pem))
        } catch {
            throw ClientConfigurationError("\(keyOrigin): is not a private key in PEM without a passphrase")
        }
        // A key of another certificate would be found only when a connection is made.
        do {
            _ = try NIOSSLContext(configuration: tls)
        } catch {
            throw ClientConfigurationError("\(origin): can't be used with the key of \(keyOrigin)")
        }
    }

    private static func certificates(
        _ secret: Secret,
        _ origin: String
    ) throws(ClientConfigurationError) -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(secret.bytes)
            if !certificates.isEmpty { return certificates }
        } catch {
            // The reason of BoringSSL says nothing that a reader could use.
        }
        throw ClientConfigurationError("\(origin): has no certificate in PEM")
    }
}

/// Reads the files of a client's TLS connections, again when they change.
struct TLSFiles {
    private var authority: Source?
    private var certificate: Source?
    private var key: Source?

    init(_ configuration: ClientConfiguration) {
        authority = configuration.certificateAuthority.map { Source($0) }
        certificate = configuration.clientCertificate.map { Source($0.certificate) }
        key = configuration.clientCertificate.map { Source($0.key) }
    }

    /// What the files have now.
    mutating func material() throws(ClientConfigurationError) -> TLSMaterial {
        TLSMaterial(
            authority: try authority?.read(),
            certificate: try certificate?.read(),
            key: try key?.read()
        )
    }

    private struct Source {
        let credential: Credential
        private var file: CredentialFile?

        init(_ credential: Credential) {
            self.credential = credential
            if case .file(let path) = credential.content { file = CredentialFile(path) }
        }

        mutating func read() throws(ClientConfigurationError) -> Secret? {
            if case .data(let secret) = credential.content { return secret }
            return try (file?.bytes()).map { Secret($0) }
        }
    }
}
