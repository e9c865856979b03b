import Common
import IPVS

/// The cluster IPs of a service, as the API server accepts them.
enum ClusterIPs {
    /// The service has no cluster IP, as its clients ask DNS for its endpoints.
    case headless

    /// At most one address of each family.
    case addresses([IPAddress])

    private static let none = "None"

    /// Reads the cluster IPs of a service's specification. Values that contradict each other are errors.
    init(_ spec: Place, _ type: ManifestServiceType, _ fields: inout Fields) {
        let older = spec.filled("clusterIP")
        var places = fields.list(spec.field("clusterIPs")).filter { $0.scalarText != "" }
        if let older, let first = places.first {
            Self.compare(older, first, &fields)
        } else if let older {
            // Manifests written by hand may have only the older field.
            places = [older]
        }

        if let none = places.first(where: Self.isNone) {
            if places.count > 1 { fields.refuse(none, "must be alone: a service with addresses is not headless") }
            if type != .clusterIP { fields.refuse(none, "must not be None for a service of type \(type.rawValue)") }
            self = .headless
            return
        }
        let addresses = places.map { fields.serviceAddress($0) }
        Self.checkFamilies(places, addresses, spec, &fields)
        self = .addresses(addresses.compactMap(\.self))
    }

    /// Refuses cluster IPs of a service whose type has none.
    static func refuse(_ spec: Place, _ type: ManifestServiceType, _ fields: inout Fields) {
        let places = [spec.filled("clusterIP")].compactMap(\.self) + fields.list(spec.field("clusterIPs"))
        guard let place = places.first(where: { !isNone($0) && $0.scalarText != "" }) else { return }
        fields.refuse(place, "must not be there: a service of type \(type.rawValue) has no cluster IP")
    }

    private static func isNone(_ place: Place) -> Bool { place.scalarText == none }

    /// Compares the older field with the first element of the newer one.
    private static func compare(_ older: Place, _ first: Place, _ fields: inout Fields) {
        let texts = (older.scalarText, first.scalarText)
        guard texts.0 != texts.1 else { return }
        let (value, firstValue): (String, String)
        if isNone(older) || isNone(first) {
            (value, firstValue) = (texts.0?.abbreviated ?? "", texts.1?.abbreviated ?? "")
        } else {
            // What is wrong in the list is reported later.
            guard let address = fields.address(older), let read = IPAddress(manifest: texts.1 ?? "") else { return }
            let firstAddress = read.mappedIPv4 ?? read
            // The same address can be written in several ways.
            guard address != firstAddress else { return }
            (value, firstValue) = ("\(address)", "\(firstAddress)")
        }
        fields.refuse(first, "\(firstValue) contradicts clusterIP, which is \(value); both must be the same")
    }

    /// Checks that there is at most one address of each family, in the order of `ipFamilies`.
    private static func checkFamilies(
        _ places: [Place],
        _ addresses: [IPAddress?],
        _ spec: Place,
        _ fields: inout Fields
    ) {
        if places.count > 2 {
            fields.refuse(places[2], "is one too many: a service has at most one cluster IP of each address family")
        } else if places.count == 2, let first = addresses[0], let second = addresses[1], first.family == second.family
        {
            fields.refuse(
                places[1],
                "\(second) is a second \(second.family) address: a service has at most one cluster IP of each address family"
            )
        }
        let names: KeyValuePairs<String, IPAddress.Family> = ["IPv4": .ipv4, "IPv6": .ipv6]
        let familyPlaces = fields.list(spec.field("ipFamilies"))
        let families = familyPlaces.map { fields.choice($0, names) }
        if families.count > 1, let first = families[0], families.dropFirst().contains(first) {
            fields.refuse(familyPlaces[1], "\(first) is there twice")
        }
        for (index, (family, address)) in zip(families, addresses).enumerated() {
            guard let family, let address, family != address.family else { continue }
            fields.refuse(familyPlaces[index], "\(family) contradicts the cluster IP \(address)")
            // The others follow from it.
            break
        }
        let policies: KeyValuePairs = ["SingleStack": true, "PreferDualStack": false, "RequireDualStack": false]
        let policy = spec.filled("ipFamilyPolicy")
        let isSingleStack = fields.choice(policy, policies)
        if let policy, isSingleStack == true, places.count > 1 {
            fields.refuse(policy, "SingleStack contradicts the second cluster IP")
        } else if let policy, isSingleStack == true, families.count > 1 {
            fields.refuse(policy, "SingleStack contradicts the second of ipFamilies")
        } else if places.count == 1, let address = addresses[0] {
            // The API server would assign the second one.
            let isDual = policy?.scalarText == "RequireDualStack"
            guard let place = families.count > 1 ? familyPlaces[1] : isDual ? policy : nil else { return }
            let family: IPAddress.Family = address.family == .ipv4 ? .ipv6 : .ipv4
            fields.warn(place, "the service has no \(family) cluster IP, and is served in \(address.family) alone")
        }
    }
}
