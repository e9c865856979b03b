/// Reads an API server's objects for the proxier of a node.
///
/// The server has validated them. What nevertheless can't be served is left out with a note, and the rest is served.
public struct ObjectReader: Hashable, Sendable {
    /// The name of the node, which tells which endpoints are local.
    public var node: String

    /// The zone of the node, which tells which hints are for it; nil if it is not known.
    public var zone: String?

    /// A reader for a node.
    public init(node: String, zone: String? = nil) {
        self.node = node
        self.zone = zone
    }

    /// The label that says which other proxy serves an object.
    static let proxyLabel = "service.kubernetes.io/service-proxy-name"

    /// The label of what belongs to a headless service.
    static let headlessLabel = "service.kubernetes.io/headless"

    /// The label that names the service of a slice.
    static let serviceLabel = "kubernetes.io/service-name"

    /// Which objects the node serves, for lists and watches: none of another proxy's, and none of headless services.
    public static let labelSelector = "!\(proxyLabel),!\(headlessLabel)"

    /// Why another program serves an object, or none has to, from its labels; nil if this one does.
    static func foreignness(_ labels: [String: String]) -> String? {
        if let proxy = labels[proxyLabel] { return "is for another proxy, \(proxy.debugDescription)" }
        return labels[headlessLabel] == nil ? nil : "is of a headless service"
    }
}
