/// Why a request to an API server failed.
public struct APIError: Error, Hashable, Sendable {
    /// What kind of failure it is.
    public var code: Code

    /// What failed, as a sentence for an operator, with the request and the server's own words.
    public var message: String

    /// The HTTP status code of the answer; nil if there was none.
    public var status: Int?

    /// How long the server asks to wait; nil if it doesn't.
    public var retryAfter: Duration?

    /// An error.
    public init(_ code: Code, _ message: String, status: Int? = nil, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.status = status
        self.retryAfter = retryAfter
    }
}

extension APIError {
    /// A kind of failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        /// The credentials are wrong or have expired (401).
        public static let unauthorized = Code(description: "unauthorized")

        /// The credentials lack a permission (403).
        public static let forbidden = Code(description: "forbidden")

        /// The object or the resource does not exist (404).
        public static let notFound = Code(description: "notFound")

        /// The version or the page that was asked for is too old (410), so the objects have to be listed anew.
        public static let expired = Code(description: "expired")

        /// The server refuses the request itself (400, 405, 406, 415, 422).
        public static let invalidRequest = Code(description: "invalidRequest")

        /// The object changed meanwhile, or exists already (409).
        public static let conflict = Code(description: "conflict")

        /// The server has too many requests (429).
        public static let tooManyRequests = Code(description: "tooManyRequests")

        /// The server has an error of its own (5xx).
        public static let serverFailure = Code(description: "serverFailure")

        /// There is no connection to the server, or it broke.
        public static let disconnected = Code(description: "disconnected")

        /// The server's certificate is not trusted, or it does not trust the client's.
        public static let untrusted = Code(description: "untrusted")

        /// Nothing came within the time limit.
        public static let timedOut = Code(description: "timedOut")

        /// The server's answer is not what the API has.
        public static let malformedAnswer = Code(description: "malformedAnswer")

        /// The credentials can't be read or obtained.
        public static let credentials = Code(description: "credentials")

        /// The task was cancelled.
        public static let cancelled = Code(description: "cancelled")
    }
}

extension APIError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
