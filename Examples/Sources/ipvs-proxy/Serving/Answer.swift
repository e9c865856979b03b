import Foundation

/// What a request is answered with.
struct Answer: Equatable, Sendable {
    let isOK: Bool
    let contentType: String
    let body: String

    init(isOK: Bool = true, _ contentType: String, _ body: String) {
        self.isOK = isOK
        self.contentType = contentType
        self.body = body
    }
}

extension Answer {
    /// The state of the node's proxy as kube-proxy's health check tells it, which probes and load balancers read.
    static func health(isHealthy: Bool, lastUpdated: Date?, now: Date, withEligibility: Bool) -> Answer {
        var fields = [
            "\"lastUpdated\": \(lastUpdated.map(text) ?? "null")",
            "\"currentTime\": \(text(now))",
        ]
        // Whether the node is to get connections from outside; nothing tells this program that it is to go.
        if withEligibility { fields.append("\"nodeEligible\": true") }
        return Answer(isOK: isHealthy, "application/json", "{\(fields.joined(separator: ","))}")
    }

    private static func text(_ date: Date) -> String {
        "\"\(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))\""
    }

    static func metrics(_ text: String) -> Answer { Answer("text/plain; version=0.0.4; charset=utf-8", text) }

    static func text(_ text: String) -> Answer { Answer("text/plain; charset=utf-8", text) }
}
