import FoundationEssentials
import NIOHTTP1
import VisibleText

extension APIError {
    /// The error that an answer with another status than success is.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - head: The status of the answer.
    ///   - headers: The headers of the answer.
    ///   - body: The beginning of the body.
    init(_ request: APIRequest, _ head: HTTPResponseStatus, _ headers: HTTPHeaders, body: Data) {
        let status = try? JSONDecoder().decode(Status.self, from: body)
        // What is not a Status comes from something before the server, and may be a page of HTML.
        var words = status?.message ?? ""
        if words.isEmpty, (300...399).contains(head.code) {
            words = "redirects are not followed, so the server's URL must be changed"
        }
        let seconds = Self.retryAfter(headers.first(name: "Retry-After")) ?? status?.details?.retryAfterSeconds
        self.init(request, code: Int(head.code), phrase: head.reasonPhrase, words: words, retryAfterSeconds: seconds)
    }

    /// The error that a Status in a watch is.
    init(_ request: APIRequest, _ status: Status) {
        // A Status without a code is an error of the server itself.
        let code = status.code.flatMap { (400...599).contains($0) ? $0 : nil } ?? 500
        let phrase = HTTPResponseStatus(statusCode: code).reasonPhrase
        var words = status.message ?? ""
        if words.isEmpty { words = status.reason ?? "" }
        self.init(
            request,
            code: code,
            phrase: phrase,
            words: words,
            retryAfterSeconds: status.details?.retryAfterSeconds
        )
    }

    private init(_ request: APIRequest, code status: Int, phrase: String, words: String, retryAfterSeconds: Int?) {
        let (code, verdict) = Self.kind(status)
        var message =
            "can't \(request.action): \(verdict) (\(status)\(phrase.isEmpty ? "" : " \(phrase.visible(upTo: 60))"))"
        if !words.isEmpty { message += ": \(words.visible)" }
        if code == .forbidden, let hint = request.roleHint { message += "; it needs \(hint)" }
        let wait = retryAfterSeconds.map { Duration.seconds(min(max(0, $0), Self.maximumWait)) }
        self.init(code, message, status: status, retryAfter: wait)
    }

    private static func kind(_ status: Int) -> (Code, verdict: String) {
        switch status {
        case 401: (.unauthorized, "the server does not accept the credentials")
        case 403: (.forbidden, "the server refuses it")
        case 404: (.notFound, "the server does not have it")
        case 409: (.conflict, "the object has changed or exists")
        case 410: (.expired, "the version is too old")
        case 429: (.tooManyRequests, "the server has too many requests")
        case 400...499: (.invalidRequest, "the server does not accept the request")
        case 500...599: (.serverFailure, "the server has an error")
        default: (.malformedAnswer, "the server's answer is not that of an API server")
        }
    }

    /// The seconds that the header says, as a number or as a date.
    static func retryAfter(_ value: String?, now: Date = Date()) -> Int? {
        guard let value else { return nil }
        if let seconds = Int(value) { return seconds >= 0 ? min(seconds, maximumWait) : nil }
        guard let date = HTTPDate.date(value) else { return nil }
        return min(max(0, Int(date.timeIntervalSince(now).rounded(.up))), maximumWait)
    }

    /// More than a day is a mistake of the server.
    private static let maximumWait = 86400
}

extension APIRequest {
    /// The role that allows the request; nil if no role is about it.
    fileprivate var roleHint: String? {
        guard let resource, !verb.isEmpty else { return nil }
        let group = resource.group.isEmpty ? "core group" : "group \(resource.group)"
        let hint = "a role with the verb \(verb) on the resource \(resource.plural) of the \(group)"
        let isOfProxies = Self.proxyRules["\(resource)"]?.contains(verb) ?? false
        return isOfProxies ? "\(hint), such as system:node-proxier" : hint
    }

    /// What Kubernetes' own role for proxies allows.
    private static let proxyRules: [String: Set<String>] = [
        "services": ["list", "watch"],
        "endpoints": ["list", "watch"],
        "nodes": ["get", "list", "watch"],
        "events": ["create", "patch", "update"],
        "events.events.k8s.io": ["create", "patch", "update"],
        "endpointslices.discovery.k8s.io": ["list", "watch"],
    ]
}

/// Dates in HTTP headers, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The date that a text has; nil if it is not one.
    static func date(_ text: String) -> Date? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), let year = Int(words[3]),
            let month = months.firstIndex(of: String(words[2]))
        else { return nil }
        let time = words[4].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3 else { return nil }
        let components = DateComponents(
            year: year,
            month: month + 1,
            day: day,
            hour: time[0],
            minute: time[1],
            second: time[2]
        )
        var calendar = Calendar(identifier: .gregorian)
        guard let zone = TimeZone(secondsFromGMT: 0) else { return nil }
        calendar.timeZone = zone
        return calendar.date(from: components)
    }
}
