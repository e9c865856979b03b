import IPVS
import KubernetesAPI

/// The cluster IPs of a service.
enum ClusterIPs {
    /// At most one address of each family.
    case served([IPAddress])

    /// The service has none, for a reason that is usual.
    case unserved(Reason)

    /// Values contradict each other, which a warning says.
    case contradictory

    enum Reason: String {
        case externalName = "an ExternalName"
        case headless

        var sentence: String {
            switch self {
            case .externalName: "is an ExternalName, which is for DNS alone"
            case .headless: "is headless, so that its clients need no proxy"
            }
        }
    }

    private static let none = "None"

    init(_ spec: CoreV1.Service.Spec, _ type: ServiceType, _ notes: inout Notes) {
        let older = spec.clusterIP ?? ""
        var texts = (spec.clusterIPs ?? []).enumerated().map { ("spec.clusterIPs[\($0.offset)]", $0.element) }
            .filter { !$0.1.isEmpty }
        if type == .externalName {
            // The service may have been of another type before.
            if let address = ([("spec.clusterIP", older)] + texts).first(where: { !["", Self.none].contains($0.1) }) {
                notes.warn(address.0, "is not served, as the service is an ExternalName")
            }
            self = .unserved(.externalName)
            return
        }
        if let (field, text) = texts.first {
            guard older.isEmpty || Self.isSame(older, text) else {
                let sentence = "\(text.debugDescription) contradicts clusterIP, which is \(older.debugDescription)"
                notes.warn(field, "\(sentence); the service is left out")
                self = .contradictory
                return
            }
            // The same address can be written in several ways, of which one gets a warning.
            if !older.isEmpty, older != text { _ = notes.address(older, "spec.clusterIP") }
        } else if !older.isEmpty {
            // Servers before Kubernetes 1.20 have only the older field.
            texts = [("spec.clusterIP", older)]
        }
        if let (field, _) = texts.first(where: { $0.1 == Self.none }) {
            if texts.count > 1 {
                notes.warn(field, "None contradicts the addresses beside it; the service is left out")
                self = .contradictory
            } else if type != .clusterIP {
                notes.warn(field, "None contradicts the type \(type.rawValue); the service is left out")
                self = .contradictory
            } else {
                self = .unserved(.headless)
            }
            return
        }
        self = .served(Self.addresses(texts, &notes))
    }

    /// Whether two texts are the same, or the same address in different forms.
    private static func isSame(_ text: String, _ other: String) -> Bool {
        guard text != other else { return true }
        guard let address = IPAddress(stored: text), let second = IPAddress(stored: other) else { return false }
        return (address.mappedIPv4 ?? address) == (second.mappedIPv4 ?? second)
    }

    private static func addresses(_ texts: [(String, String)], _ notes: inout Notes) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for (field, text) in texts {
            guard let address = notes.serviceAddress(text, field) else { continue }
            guard !addresses.contains(where: { $0.family == address.family }) else {
                notes.warn(field, "\(address) is a second \(address.family) address; it is left out")
                continue
            }
            addresses.append(address)
        }
        return addresses
    }
}
