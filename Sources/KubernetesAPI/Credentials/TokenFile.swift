/// A file with a bearer token that is written anew before the token expires.
struct TokenFile {
    /// How long a token is used until the file is read again, which is much shorter than a token's rest of life when a kubelet
    /// replaces it.
    static let interval = Duration.seconds(60)

    let path: String
    private(set) var generation = 0
    private var token: Secret?
    private var readAt: ContinuousClock.Instant?

    init(_ path: String, fallback: Secret?) {
        self.path = path
        token = fallback
    }

    /// The token.
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - refused: The generation of a token that the server refuses; nil for none.
    /// - Returns: The token, and why the file could not be read if the token is an earlier one.
    /// - Throws: Why the file could not be read, if there is no earlier token.
    mutating func token(
        at now: ContinuousClock.Instant,
        refused: Int?
    ) throws(ClientConfigurationError) -> (token: Secret, problem: ClientConfigurationError?) {
        if let token, let readAt, refused != generation, now - readAt < Self.interval { return (token, nil) }
        do throws(ClientConfigurationError) {
            guard let new = BearerToken.checked(String(decoding: try CredentialFile.read(path), as: UTF8.self)) else {
                throw ClientConfigurationError("\(path.visible): has no token")
            }
            if new != token || generation == 0 { generation += 1 }
            token = new
            readAt = now
            return (new, nil)
        } catch {
            // An earlier token may still be valid, and the next request tries the file again.
            guard let token else { throw error }
            return (token, error)
        }
    }
}
