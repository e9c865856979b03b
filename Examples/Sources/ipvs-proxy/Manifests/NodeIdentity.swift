/// The node that the manifests are read for.
struct NodeIdentity: Hashable, Sendable {
    /// Its name, which determines which endpoints are local, and which hints are for it.
    let name: String

    /// Its zone, which determines which other hints are for it; nil if it is not known.
    var zone: String?
}
