import IPVSProxy

/// The services in manifests that this proxy serves, and their endpoints.
struct Manifests: Equatable, Sendable {
    var services: [NamespacedName: ServiceDefinition] = [:]
    var slices: [NamespacedName: EndpointSlice] = [:]

    /// These manifests, plus objects of others that they don't have.
    func keeping(_ others: Manifests) -> Manifests {
        Manifests(
            services: services.merging(others.services) { own, _ in own },
            slices: slices.merging(others.slices) { own, _ in own }
        )
    }
}

extension Manifests: CustomStringConvertible {
    /// The numbers of objects in words.
    var description: String {
        "\(services.count.counted("service")) and \(slices.count.counted("endpoint slice"))"
    }
}

/// An object that was added, changed or deleted.
enum Change<Object: Hashable & Sendable>: Hashable, Sendable {
    case added(Object)
    case updated(Object, Object)
    case deleted(Object)
}

/// The changes between two sets of manifests.
struct ManifestChanges: Equatable, Sendable {
    let services: [Change<ServiceDefinition>]
    let slices: [Change<EndpointSlice>]

    /// The changes from one set of manifests to another, ordered by name.
    init(from old: Manifests, to new: Manifests) {
        services = Self.changes(from: old.services, to: new.services)
        slices = Self.changes(from: old.slices, to: new.slices)
    }

    var isEmpty: Bool { services.isEmpty && slices.isEmpty }

    private static func changes<Object>(
        from old: [NamespacedName: Object],
        to new: [NamespacedName: Object]
    ) -> [Change<Object>] {
        Set(old.keys).union(new.keys).sorted().compactMap { name in
            switch (old[name], new[name]) {
            case (nil, let new?): .added(new)
            case (let old?, let new?): old == new ? nil : .updated(old, new)
            case (let old?, nil): .deleted(old)
            case (nil, nil): nil
            }
        }
    }
}

extension ManifestChanges: CustomStringConvertible {
    /// The numbers of added, changed and deleted objects in words.
    var description: String { "services \(Self.counts(services)), endpoint slices \(Self.counts(slices))" }

    private static func counts<Object>(_ changes: [Change<Object>]) -> String {
        var (added, updated, deleted) = (0, 0, 0)
        for change in changes {
            switch change {
            case .added: added += 1
            case .updated: updated += 1
            case .deleted: deleted += 1
            }
        }
        return "+\(added) ~\(updated) -\(deleted)"
    }
}
