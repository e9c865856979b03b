import KubernetesTestServer
import Testing

/// Something that a server does instead of answering a request as it should.
struct Misdeed: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let fault: Fault
    let times: Int

    init(_ description: String, _ fault: Fault, times: Int = 2) {
        (testDescription, self.fault, self.times) = (description, fault, times)
    }

    static let all = [
        Misdeed("closes the connection before it answers", .closeBeforeAnswer),
        Misdeed("closes the connection after the head", .closeAfterHead),
        Misdeed("closes the connection after the first byte", .close(afterBytes: 1)),
        Misdeed("closes the connection in the body", .close(afterBytes: 900)),
        Misdeed("hangs before it answers", .hang, times: 1),
        Misdeed("hangs after the head", .hang(afterBytes: 0), times: 1),
        Misdeed("hangs in the body", .hang(afterBytes: 900), times: 1),
        Misdeed("is slow", .slow(bytes: 100, every: .microseconds(300))),
        Misdeed("is late", .delay(.milliseconds(60))),
        Misdeed("has too many requests", .status(429)),
        Misdeed("asks to wait", .status(429, retryAfter: 1), times: 1),
        Misdeed("has an error", .status(500)),
        Misdeed("is not available", .status(503, retryAfter: 0)),
        Misdeed("does not know the credentials", .status(401)),
        Misdeed("forbids it", .status(403)),
        Misdeed("does not have it", .status(404)),
        Misdeed("does not accept it", .status(400)),
        Misdeed("says that it has expired", .expired),
        Misdeed("says so with a status", .status(410)),
        Misdeed("redirects", .status(302)),
        Misdeed("cuts the answer off at once", .truncated(atBytes: 0)),
        Misdeed("cuts the answer off", .truncated(atBytes: 900)),
        Misdeed("answers with an HTML page", .htmlPage),
        Misdeed("answers with nothing", .answer("")),
        Misdeed("answers with an empty line", .answer("\n")),
        Misdeed("answers with half an object", .answer("{\"kind\":\"ServiceList\",")),
        Misdeed("answers with an empty object", .answer("{}\n")),
        Misdeed("answers with null", .answer("null\n")),
        Misdeed("answers with an array", .answer("[]\n")),
        Misdeed("answers with another kind", .answer(#"{"kind":"Status","apiVersion":"v1","metadata":{}}"#)),
        Misdeed("answers with items and nothing else", .emptyListWithoutKind),
        Misdeed("answers with a list without a version", .answer(listWithoutVersion)),
        Misdeed("answers with a list without items", .answer(listWithoutItems)),
        Misdeed("says that there is nothing", .emptyList, times: 1),
    ]

    private static let listWithoutVersion = #"{"kind":"ServiceList","apiVersion":"v1","metadata":{},"items":[]}"#
    private static let listWithoutItems =
        #"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"9"}}"#
}

extension KubernetesTestServer {
    /// A server that has services.
    static func with(services: Int) async throws -> KubernetesTestServer {
        let server = try await KubernetesTestServer()
        try server.load((0..<services).map(SampleObjects.service))
        return server
    }
}
