import FoundationEssentials
import NIOHTTP1

extension APIClient {
    /// Lists objects, or one page of them.
    ///
    /// An object that has not the form of its kind is in ``ObjectPage/unreadable``, and the others are as usual. An answer that is
    /// not a list of the kind is an error, never an empty list.
    ///
    /// - Parameters:
    ///   - type: The type of the objects.
    ///   - options: Which objects.
    /// - Returns: The page.
    /// - Throws: ``APIError`` if there is no answer, or it is not such a list.
    public func list<Object: KubernetesObject>(
        _ type: Object.Type,
        _ options: ListOptions = ListOptions()
    ) async throws(APIError) -> ObjectPage<Object> {
        let request = APIRequest(list: type, options)
        let data = try await body(request)
        do {
            return try ObjectList<Object>.page(data)
        } catch {
            throw malformed(request, error.reason)
        }
    }

    /// Gets an object.
    ///
    /// - Parameters:
    ///   - type: The type of the object.
    ///   - name: Its name.
    /// - Returns: The object.
    /// - Throws: ``APIError`` if there is no answer, or it is not such an object.
    public func get<Object: KubernetesObject>(_ type: Object.Type, _ name: ObjectName) async throws(APIError) -> Object
    {
        let request = APIRequest("get", .GET, Object.resource, namespace: name.namespace.nonEmpty, name: name.name)
        return try decode(Object.self, try await body(request), request)
    }

    /// Creates an object.
    ///
    /// - Parameters:
    ///   - object: What is sent as JSON, with its kind, version and metadata.
    ///   - resource: The kind of objects that it is one of.
    ///   - namespace: The namespace; nil if the objects are in none.
    /// - Throws: ``APIError`` if the server does not create it.
    public func create(
        _ object: some Encodable & Sendable,
        as resource: Resource,
        in namespace: String? = nil
    ) async throws(APIError) {
        var request = APIRequest("create", .POST, resource, namespace: namespace)
        request.body = try encode(object, request)
        _ = try await body(request)
    }

    /// Changes fields of an object.
    ///
    /// - Parameters:
    ///   - name: The name of the object.
    ///   - resource: The kind of objects that it is one of.
    ///   - fields: What is sent as JSON: the fields that change, with their new values. It is a JSON Merge Patch of RFC 7386.
    /// - Throws: ``APIError`` if the server does not change it.
    public func patch(
        _ name: ObjectName,
        of resource: Resource,
        with fields: some Encodable & Sendable
    ) async throws(APIError) {
        var request = APIRequest("patch", .PATCH, resource, namespace: name.namespace.nonEmpty, name: name.name)
        request.body = try encode(fields, request)
        request.contentType = "application/merge-patch+json"
        _ = try await body(request)
    }

    /// Asks the server for its version.
    ///
    /// - Throws: ``APIError`` if there is no answer, or it is not a version.
    public func serverVersion() async throws(APIError) -> ServerVersion {
        let request = APIRequest(
            method: .GET,
            path: "/version",
            verb: "",
            resource: nil,
            action: "get the server's version"
        )
        return try decode(ServerVersion.self, try await body(request), request)
    }

    private func decode<Value: Decodable>(
        _ type: Value.Type,
        _ data: Data,
        _ request: APIRequest
    ) throws(APIError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw malformed(request, (error as? DecodingError)?.placeWithoutValue ?? "it can't be decoded")
        }
    }

    private func encode(_ value: some Encodable, _ request: APIRequest) throws(APIError) -> [UInt8] {
        do {
            return [UInt8](try JSONEncoder().encode(value))
        } catch {
            throw APIError(.invalidRequest, "can't \(request.action): it can't be encoded as JSON: \(error)")
        }
    }
}

/// The version of an API server.
///
/// It corresponds to `version.Info`.
public struct ServerVersion: Hashable, Sendable, Decodable {
    /// The version, such as `v1.33.1`.
    public var gitVersion: String

    /// The first number as text, such as `1`.
    public var major: String

    /// The second number as text, such as `33`. Some servers append `+`.
    public var minor: String

    /// The platform, such as `linux/amd64`; nil if the server does not tell it.
    public var platform: String?

    /// A version.
    public init(gitVersion: String, major: String, minor: String, platform: String? = nil) {
        self.gitVersion = gitVersion
        self.major = major
        self.minor = minor
        self.platform = platform
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
