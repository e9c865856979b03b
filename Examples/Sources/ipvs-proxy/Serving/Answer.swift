import Foundation

/// The answer to a request.
struct Answer: Equatable, Sendable {
    let isOK: Bool
    let contentType: String
    let body: String

    /// Headers besides those that all answers have.
    let headers: [String: String]

    init(isOK: Bool = true, _ contentType: String, _ body: String, headers: [String: String] = [:]) {
        self.isOK = isOK
        self.contentType = contentType
        self.body = body
        self.headers = headers
    }
}

extension Answer {
    /// The health of the node's proxy in the format of kube-proxy, for probes and load balancers.
    ///
    /// - Parameters:
    ///   - isHealthy: Whether the proxy keeps up with changes.
    ///   - lastUpdated: When it was last up to date; nil if it never was.
    ///   - now: The time of the answer.
    ///   - isEligible: Whether the node should get connections from outside; nil if the answer doesn't depend on it.
    ///   - knowledge: What is known of an API server's objects, which has no influence on the status: a node with old rules
    ///     is better than none.
    /// - Returns: The answer.
    static func health(
        isHealthy: Bool,
        lastUpdated: Date?,
        now: Date,
        isEligible: Bool?,
        knowledge: [Knowledge] = []
    ) -> Answer {
        var fields = [
            "\"lastUpdated\": \(lastUpdated.map(text) ?? "null")",
            "\"currentTime\": \(text(now))",
        ]
        if let isEligible { fields.append("\"nodeEligible\": \(isEligible)") }
        fields.append("\"healthy\": \(isHealthy)")
        if !knowledge.isEmpty { fields.append("\"knowledge\": {\(knowledge.map(\.json).joined(separator: ","))}") }
        return Answer(isOK: isHealthy && isEligible != false, "application/json", "{\(fields.joined(separator: ","))}")
    }

    private static func text(_ date: Date) -> String {
        "\"\(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))\""
    }

    static func metrics(_ text: String) -> Answer { Answer("text/plain; version=0.0.4; charset=utf-8", text) }

    static func text(_ text: String) -> Answer { Answer("text/plain; charset=utf-8", text) }
}
