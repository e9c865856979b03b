internal import NIOCore
internal import NIOHTTP1

/// A failure, as the server answers it: an object of the kind `Status`.
struct APIStatus: Error, Sendable {
    var code: Int
    var reason: String?
    var message: String
    var details: JSON?
    var retryAfter: Int?
    var metadata: JSON = [:]

    /// The object.
    var json: JSON {
        var status: JSON = [
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": .string(message), "code": .integer(code),
        ]
        status["reason"] = reason.map { .string($0) }
        var details = details
        if let retryAfter {
            details = details ?? [:]
            details?["retryAfterSeconds"] = .integer(retryAfter)
        }
        status["details"] = details
        return status
    }

    /// The answer.
    var response: HTTPAnswer {
        var answer = HTTPAnswer(status: HTTPResponseStatus(statusCode: code), json: json)
        if let retryAfter { answer.headers.add(name: "Retry-After", value: String(retryAfter)) }
        return answer
    }
}

// The words are a real server's.
extension APIStatus {
    static let unauthorized = APIStatus(code: 401, reason: "Unauthorized", message: "Unauthorized")

    static let noSuchResource = APIStatus(
        code: 404,
        reason: "NotFound",
        message: "the server could not find the requested resource",
        details: [:]
    )

    static let methodNotAllowed = APIStatus(
        code: 405,
        reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource",
        details: [:]
    )

    static let notAcceptable = APIStatus(
        code: 406,
        reason: "NotAcceptable",
        message: "only the following media types are accepted: application/json",
        details: [:]
    )

    static func badRequest(_ message: String) -> APIStatus {
        APIStatus(code: 400, reason: "BadRequest", message: message)
    }

    static func forbidden(_ target: APIRequest.Target, verb: String, user: String) -> APIStatus {
        let subject = target.resource.qualifiedName + (target.name.map { " \"\($0)\"" } ?? "")
        let scope = target.namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope"
        return APIStatus(
            code: 403,
            reason: "Forbidden",
            message: "\(subject) is forbidden: User \"\(user)\" cannot \(verb) resource \"\(target.resource.plural)\" "
                + "in API group \"\(target.resource.group)\" \(scope)",
            details: details(target.resource, name: target.name)
        )
    }

    static func forbidden(path: String, verb: String, user: String) -> APIStatus {
        APIStatus(
            code: 403,
            reason: "Forbidden",
            message: "forbidden: User \"\(user)\" cannot \(verb) path \"\(path)\"",
            details: [:]
        )
    }

    static func notFound(_ resource: KubernetesTestServer.Resource, name: String) -> APIStatus {
        APIStatus(
            code: 404,
            reason: "NotFound",
            message: "\(resource.qualifiedName) \"\(name)\" not found",
            details: details(resource, name: name)
        )
    }

    static func alreadyExists(_ resource: KubernetesTestServer.Resource, name: String) -> APIStatus {
        APIStatus(
            code: 409,
            reason: "AlreadyExists",
            message: "\(resource.qualifiedName) \"\(name)\" already exists",
            details: details(resource, name: name)
        )
    }

    static func conflict(_ resource: KubernetesTestServer.Resource, name: String) -> APIStatus {
        APIStatus(
            code: 409,
            reason: "Conflict",
            message:
                "Operation cannot be fulfilled on \(resource.qualifiedName) \"\(name)\": the object has been modified; "
                + "please apply your changes to the latest version and try again",
            details: details(resource, name: name)
        )
    }

    static func invalid(_ resource: KubernetesTestServer.Resource, name: String, _ cause: String) -> APIStatus {
        APIStatus(
            code: 422,
            reason: "Invalid",
            message: "\(resource.kind) \"\(name)\" is invalid: \(cause)",
            details: ["name": .string(name), "kind": .string(resource.kind)]
        )
    }

    private static func details(_ resource: KubernetesTestServer.Resource, name: String?) -> JSON {
        var details: JSON = ["kind": .string(resource.plural)]
        if let name { details["name"] = .string(name) }
        if !resource.group.isEmpty { details["group"] = .string(resource.group) }
        return details
    }
}

// What is said of versions.
extension APIStatus {
    static func invalidVersion(_ text: String) -> APIStatus {
        APIStatus(
            code: 500,
            message:
                "resourceVersion: Invalid value: \"\(text)\": strconv.ParseUint: parsing \"\(text)\": invalid syntax"
        )
    }

    static func tooLarge(version: Int, current: Int) -> APIStatus {
        APIStatus(
            code: 504,
            reason: "Timeout",
            message: "Timeout: Too large resource version: \(version), current: \(current)",
            details: [
                "causes": [["reason": "ResourceVersionTooLarge", "message": "Too large resource version"]]
            ],
            retryAfter: 1
        )
    }

    static let expiredList = APIStatus(
        code: 410,
        reason: "Expired",
        message: "The resourceVersion for the provided list is too old."
    )

    static func expiredPage(inconsistent token: ContinueToken) -> APIStatus {
        APIStatus(
            code: 410,
            reason: "Expired",
            message:
                "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                + "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
                + "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
                + "modified, or deleted between the time the first chunk was returned and now may show up in the list.",
            metadata: ["continue": .string(token.text)]
        )
    }

    static func expiredWatch(version: Int, oldest: Int) -> APIStatus {
        APIStatus(code: 410, reason: "Expired", message: "too old resource version: \(version) (\(oldest))")
    }

    /// What a watch or list gets whose options don't fit.
    static func invalidOptions(_ causes: [String]) -> APIStatus {
        let all = causes.map { "resourceVersionMatch: Forbidden: \($0)" }
        return APIStatus(
            code: 422,
            reason: "Invalid",
            message: "ListOptions.meta.k8s.io \"\" is invalid: "
                + (all.count == 1 ? all[0] : "[" + all.joined(separator: ", ") + "]"),
            details: [
                "group": "meta.k8s.io", "kind": "ListOptions",
                "causes": .array(
                    causes.map {
                        [
                            "reason": "FieldValueForbidden", "message": .string("Forbidden: \($0)"),
                            "field": "resourceVersionMatch",
                        ]
                    }
                ),
            ]
        )
    }
}
