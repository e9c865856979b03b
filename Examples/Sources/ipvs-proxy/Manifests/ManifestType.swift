import Common

/// The API group and version of an object, and its kind, such as `v1` and `Service`.
struct ManifestType: Hashable {
    let apiVersion: String
    let kind: String

    static let service = ManifestType(apiVersion: "v1", kind: "Service")
    static let endpointSlice = ManifestType(apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice")
    static let endpoints = ManifestType(apiVersion: "v1", kind: "Endpoints")

    /// Elements of any type, which they say themselves.
    static let list = ManifestType(apiVersion: "v1", kind: "List")

    /// The types of objects that are read.
    private static let objects = [service, endpointSlice, endpoints]
    private static let known = objects + [list] + objects.map(\.list)

    /// The type of a list of these objects.
    private var list: Self { Self(apiVersion: apiVersion, kind: "\(kind)List") }

    var isRead: Bool { Self.objects.contains(self) }

    /// The default types of a list's elements, or nil if it is not a list that is read.
    var elements: [ManifestType]? { self == .list ? [] : Self.objects.first { $0.list == self }.map { [$0] } }

    /// The names of an object's own fields.
    var schema: Schema {
        switch self {
        case .service: .service
        case .endpointSlice: .endpointSlice
        case .endpoints: .endpoints
        default: .list
        }
    }

    /// The known type that was probably meant if this is a misspelled one, or nil if it is known or another API's.
    var meant: ManifestType? {
        guard !Self.known.contains(self), isOfKubernetes else { return nil }
        let name = Self.known.contains { $0.kind == kind } ? kind : kind.nearest(of: Self.known.map(\.kind))
        return Self.known.first { $0.kind == name }
    }

    /// Whether the group is one of Kubernetes itself, or nearly.
    ///
    /// Only its own groups have no dot or end with k8s.io. Others have kinds with the names of those here.
    private var isOfKubernetes: Bool {
        let parts = apiVersion.lowercased().split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let group = parts.first.map(String.init) else { return true }
        return !group.contains(".") || group.hasSuffix(".k8s.io") || group.nearest(of: ["discovery.k8s.io"]) != nil
    }
}

extension ManifestType {
    /// The type of an object, or of an element of a list that has a default type. Returns nil if it is missing or
    /// misspelled.
    init?(of place: Place, _ assumed: ManifestType?, _ fields: inout Fields) {
        func text(_ name: String, or assumed: String?) -> String? {
            if let assumed, place.field(name) == nil { return assumed }
            return fields.text(name, requiredIn: place)
        }
        if assumed == nil, ["kind", "apiVersion"].contains(where: { place.field($0) == nil }) {
            fields.checkSpelling(place, .typed)
        }
        let kind = text("kind", or: assumed?.kind)
        let apiVersion = text("apiVersion", or: assumed?.apiVersion)
        guard let kind, let apiVersion else { return nil }
        self.init(apiVersion: apiVersion, kind: kind)
        guard let meant else { return }
        if meant.kind != kind {
            let group = meant.apiVersion == apiVersion ? "" : " of \(meant.apiVersion)"
            let reason = "there is no kind \(kind.quoted); did you mean \(meant.kind)\(group)?"
            fields.refuse(place["kind"] ?? place, reason)
        } else if apiVersion.hasPrefix("discovery.k8s.io/"), meant == .endpointSlice {
            // There are older versions of this type.
            fields.refuse(place["apiVersion"] ?? place, "must be \(meant.apiVersion), not \(apiVersion.abbreviated)")
        } else {
            let reason = "there is no \(kind) in \(apiVersion.quoted); did you mean \(meant.apiVersion)?"
            fields.refuse(place["apiVersion"] ?? place, reason)
        }
        return nil
    }
}
