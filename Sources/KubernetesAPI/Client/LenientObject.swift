/// An object of a list or an event, or why it can't be read.
///
/// One object that has not the form of its kind does not make the others unreadable.
struct LenientObject<Object: KubernetesObject>: Decodable {
    let result: Result<Object, UnreadableError>

    struct UnreadableError: Error { let object: UnreadableObject }

    init(from decoder: any Decoder) throws {
        do {
            let object = try Object(from: decoder)
            guard object.metadata.name.isEmpty else {
                result = .success(object)
                return
            }
            result = .failure(UnreadableError(object: UnreadableObject(name: nil, reason: "metadata.name: is empty")))
        } catch let error as DecodingError {
            let depth = decoder.codingPath.count
            result = .failure(
                UnreadableError(
                    object: UnreadableObject(name: Self.name(decoder), reason: error.placeWithoutValue(below: depth))
                )
            )
        }
    }

    private static func name(_ decoder: any Decoder) -> ObjectName? {
        guard let metadata = try? NamedObject(from: decoder).metadata, !metadata.name.isEmpty else { return nil }
        return ObjectName(metadata.namespace ?? "", metadata.name)
    }
}

/// The name of an object alone.
private struct NamedObject: Decodable {
    let metadata: Metadata

    struct Metadata: Decodable {
        let name: String
        let namespace: String?
    }
}
