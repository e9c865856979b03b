/// An event of a watch as a server sends it: `{"type": "ADDED", "object": {…}}`.
enum RawWatchEvent<Object: KubernetesObject>: Decodable {
    case event(WatchEvent<Object>)
    case error(Status)
    case unknown(type: String)

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let type = try fields.decode(String.self, forKey: .type)
        func event(_ make: (Object) -> WatchEvent<Object>) throws -> Self {
            switch try fields.decode(LenientObject<Object>.self, forKey: .object).result {
            case .success(let object): .event(make(object))
            case .failure(let error):
                .event(
                    .unreadable(
                        UnreadableObject(
                            name: error.object.name,
                            reason: error.object.reason,
                            isDeleted: type == "DELETED"
                        )
                    )
                )
            }
        }
        switch type {
        case "ADDED": self = try event { .added($0) }
        case "MODIFIED": self = try event { .modified($0) }
        case "DELETED": self = try event { .deleted($0) }
        case "BOOKMARK":
            let metadata = try fields.decode(Bookmark.self, forKey: .object).metadata
            guard !metadata.resourceVersion.isEmpty else {
                throw DecodingError.dataCorruptedError(
                    forKey: .object,
                    in: fields,
                    debugDescription: "a bookmark has a version"
                )
            }
            let endsInitialEvents = metadata.annotations?["k8s.io/initial-events-end"] == "true"
            self = .event(
                .bookmark(resourceVersion: metadata.resourceVersion, endsInitialEvents: endsInitialEvents)
            )
        case "ERROR": self = .error(try fields.decode(Status.self, forKey: .object))
        default: self = .unknown(type: type)
        }
    }

    private enum Key: CodingKey { case type, object }

    private struct Bookmark: Decodable {
        let metadata: Metadata

        struct Metadata: Decodable {
            let resourceVersion: String
            let annotations: [String: String]?
        }
    }
}
