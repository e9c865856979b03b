import FoundationEssentials
import VisibleText

/// A list of objects as a server sends it.
struct ObjectList<Object: KubernetesObject>: Decodable {
    private let page: ObjectPage<Object>

    /// The page that the body of an answer has.
    ///
    /// A server that sends something else must not look like one that has no objects.
    ///
    /// - Throws: A sentence on what the body is instead.
    static func page(_ body: Data) throws(Malformed) -> ObjectPage<Object> {
        do {
            return try JSONDecoder().decode(Self.self, from: body).page
        } catch let error as Malformed {
            throw error
        } catch let error as DecodingError {
            throw Malformed(reason: error.placeWithoutValue)
        } catch {
            throw Malformed(reason: "it can't be decoded")
        }
    }

    /// Why a body is not a list.
    struct Malformed: Error { let reason: String }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let resource = Object.resource
        let kind = try fields.decode(String.self, forKey: .kind)
        let apiVersion = try fields.decode(String.self, forKey: .apiVersion)
        guard kind == "\(resource.kind)List", apiVersion == resource.apiVersion else {
            throw Malformed(
                reason: "it is a \(kind.visible(upTo: 60)) of \(apiVersion.visible(upTo: 60)) instead of a "
                    + "\(resource.kind)List of \(resource.apiVersion)"
            )
        }
        let metadata = try fields.decode(Metadata.self, forKey: .metadata)
        guard !metadata.resourceVersion.isEmpty else { throw Malformed(reason: "metadata.resourceVersion: is empty") }
        // Null is how some servers write an empty list, but a list without items is cut off or something else.
        guard fields.contains(.items) else { throw Malformed(reason: "items: is missing") }
        let items = try fields.decodeIfPresent([LenientObject<Object>].self, forKey: .items) ?? []
        var page = ObjectPage<Object>(
            objects: [],
            resourceVersion: metadata.resourceVersion,
            continueToken: metadata.continue.flatMap { $0.isEmpty ? nil : $0 }
        )
        page.objects.reserveCapacity(items.count)
        for item in items {
            switch item.result {
            case .success(let object): page.objects.append(object)
            case .failure(let error): page.unreadable.append(error.object)
            }
        }
        self.page = page
    }

    private enum Key: CodingKey { case kind, apiVersion, metadata, items }

    private struct Metadata: Decodable {
        let resourceVersion: String
        let `continue`: String?
    }
}
