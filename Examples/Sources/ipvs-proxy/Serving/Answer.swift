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
    static func health(isHealthy: Bool, lastUpdated: Date?, now: Date, withEligibility: Bool) -> Answer {
        var fields = [
            "\"lastUpdated\": \(lastUpdated.map(text) ?? "null")",
            "\"currentTime\": \(text(now))",
        ]
        // Whether the node should get connections from outside. This program doesn't know when the node is about to
        // leave.
        if withEligibility { fields.append("\"nodeEligible\": true") }
        return Answer(isOK: isHealthy, "application/json", "{\(fields.joined(separator: ","))}")
    }

    private static func text(_ date: Date) -> String {
        "\"\(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))\""
    }

    static func metrics(_ text: String) -> Answer { Answer("text/plain; version=0.0.4; charset=utf-8", text) }

    static func text(_ text: String) -> Answer { Answer("text/plain; charset=utf-8", text) }
}
