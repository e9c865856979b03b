internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOHTTP1

/// Answers one request.
struct Router {
    let core: Core
    let request: APIRequest
    let caller: Access.Caller
    let exchange: Exchange
    let faults: [Fault.Kind]

    /// Answers the request, or begins to.
    func serve() {
        do {
            if let fault = answerOfFault { return exchange.answer(fault) }
            try core.access.withLockedValue { try $0.check(request, caller: caller) }
            guard let target = request.target else { return exchange.answer(try Discovery.answer(to: request)) }
            if target.resource == .pods, target.subresource == "log", let name = target.name {
                return exchange.answer(HTTPAnswer(text: core.settings.withLockedValue { $0.logs[name] ?? "" }))
            }
            guard target.subresource == nil || target.subresource == "status" else { throw APIStatus.noSuchResource }
            switch request.verb {
            case "watch": try watch(target)
            case "list": exchange.answer(try list(target))
            default: exchange.answer(try Writes(core: core, request: request, target: target).answer())
            }
        } catch let status as APIStatus {
            exchange.answer(status.response)
        } catch {
            exchange.answer(APIStatus.badRequest("\(error)").response)
        }
    }

    /// The answer that a fault has instead of the right one.
    private var answerOfFault: HTTPAnswer? {
        for fault in faults {
            switch fault {
            case .status(let code, let retryAfter): return APIStatus.injected(code, retryAfter: retryAfter).response
            case .answer(let body, let contentType, let status):
                return HTTPAnswer(
                    status: .init(statusCode: status),
                    contentType: contentType,
                    body: ByteBuffer(string: body)
                )
            case .expired where request.verb == "list":
                if let token = request.query["continue"].flatMap({ try? ContinueToken($0) }) {
                    return APIStatus.expiredPage(inconsistent: ContinueToken(version: nil, last: token.last)).response
                }
                return APIStatus.expiredList.response
            default: break
            }
        }
        return nil
    }

    /// Makes sure that the client takes JSON.
    func checkAccept() throws {
        guard let accept = request.headers["accept"] else { return }
        let types = accept.split(separator: ",").map { $0.drop { $0 == " " }.prefix { $0 != ";" && $0 != " " } }
        guard types.contains(where: { ["application/json", "application/*", "*/*"].contains($0) }) else {
            throw APIStatus.notAcceptable
        }
    }

    /// A version in the query; nil if there is none.
    func version() throws -> Int? {
        guard let text = request.query["resourceVersion"], !text.isEmpty else { return nil }
        guard let version = Int(text), version >= 0 else { throw APIStatus.invalidVersion(text) }
        return version
    }
}

extension APIStatus {
    /// A failure that a test asked for.
    fileprivate static func injected(_ code: Int, retryAfter: Int?) -> APIStatus {
        switch code {
        case 401: .unauthorized
        case 429:
            APIStatus(
                code: 429,
                reason: "TooManyRequests",
                message: "the server has received too many requests and has asked us to try again later",
                details: [:],
                retryAfter: retryAfter
            )
        case 503:
            APIStatus(
                code: 503,
                reason: "ServiceUnavailable",
                message: "the server is currently unable to handle the request",
                details: [:],
                retryAfter: retryAfter
            )
        case 410: .expiredList
        default:
            APIStatus(
                code: code,
                reason: code >= 500 ? "InternalError" : "BadRequest",
                message: "Internal error occurred: as the test asked for",
                retryAfter: retryAfter
            )
        }
    }
}
