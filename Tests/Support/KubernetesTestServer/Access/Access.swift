/// Who may do what.
struct Access: Sendable {
    /// The users of tokens.
    var tokens: [String: String] = ["admin-token": "admin"]

    /// The users of client certificates, by their bytes.
    var certificates: [[UInt8]: String] = [:]

    /// What users may not do.
    var denials: Set<Denial> = []

    struct Denial: Hashable, Sendable {
        var user: String
        var verb: String
        var resource: KubernetesTestServer.Resource
    }

    /// Who sends a request.
    enum Caller: Equatable, Sendable {
        case user(String)
        case anonymous
        /// With credentials that are wrong.
        case unknown

        var user: String? {
            guard case .user(let name) = self else { return nil }
            return name
        }
    }

    func caller(of request: APIRequest, certificate: [UInt8]?) -> Caller {
        if let certificate, let user = certificates[certificate] { return .user(user) }
        if let authorization = request.headers["authorization"] {
            guard authorization.lowercased().hasPrefix("bearer ") else { return .unknown }
            return tokens[String(authorization.dropFirst(7))].map { .user($0) } ?? .unknown
        }
        return certificate == nil ? .anonymous : .unknown
    }

    /// Lets a request pass.
    ///
    /// - Throws: ``APIStatus`` if the caller may not do it.
    func check(_ request: APIRequest, caller: Caller) throws {
        guard caller != .unknown else { throw APIStatus.unauthorized }
        let user = caller.user ?? "system:anonymous"
        guard let target = request.target else {
            let isOpen = ["/healthz", "/livez", "/readyz", "/version"].contains(request.path)
            guard isOpen || caller != .anonymous else {
                throw APIStatus.forbidden(path: request.path, verb: request.verb, user: user)
            }
            return
        }
        let denial = Denial(user: user, verb: request.verb, resource: target.resource)
        guard caller != .anonymous, !denials.contains(denial) else {
            throw APIStatus.forbidden(target, verb: request.verb, user: user)
        }
    }
}
