/// The answer of an API server to a request that failed, and to a deletion.
///
/// It corresponds to `meta/v1.Status`.
public struct Status: Hashable, Sendable, Decodable {
    /// A sentence for people.
    public var message: String?

    /// A word for programs, such as `Expired` or `Forbidden`.
    public var reason: String?

    /// The HTTP status code.
    public var code: Int?

    /// More for programs.
    public var details: Details?

    /// What a status says besides.
    public struct Details: Hashable, Sendable, Decodable {
        /// After how many seconds the request can be tried again.
        public var retryAfterSeconds: Int?

        /// Details with a time.
        public init(retryAfterSeconds: Int? = nil) { self.retryAfterSeconds = retryAfterSeconds }
    }

    /// A status.
    public init(message: String? = nil, reason: String? = nil, code: Int? = nil, details: Details? = nil) {
        self.message = message
        self.reason = reason
        self.code = code
        self.details = details
    }
}
