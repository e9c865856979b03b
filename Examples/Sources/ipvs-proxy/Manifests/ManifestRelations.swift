import IPVS
import IPVSProxy

/// The services of all manifests and what belongs to them, to find what is not served because of another object.
struct ManifestRelations {
    private var services: [NamespacedName: Service] = [:]

    /// The names of the services in the order of the files.
    private var names: [NamespacedName] = []

    private var objects: [EndpointsObject] = []

    private struct Service {
        let title: String
        let position: ManifestPosition

        /// nil for a service that is not served.
        let definition: ServiceDefinition?
    }

    /// What all objects together result in.
    private(set) var slices: [NamespacedName: EndpointSlice] = [:]
    private(set) var notes: [ManifestNote] = []

    mutating func add(_ object: ManifestObject, _ definition: ServiceDefinition?) {
        names.append(object.name)
        services[object.name] = Service(title: object.title, position: object.position, definition: definition)
    }

    mutating func add(_ object: EndpointsObject) { objects.append(object) }

    /// Relates the objects to each other when all have been added.
    mutating func settle() {
        // Endpoints mirror the slices of an API server, or the slices mirror them. For each service with slices, whether there
        // are endpoints in them:
        let owners = objects.lazy.filter { !$0.isClassic && $0.slice != nil }
            .reduce(into: [NamespacedName: Bool]()) { owners, slice in
                owners[slice.service] = slice.hasEndpoints || owners[slice.service] == true
            }
        var present: [NamespacedName: [EndpointsObject]] = [:]
        for object in objects {
            let isMirror = object.isClassic && owners[object.service] != nil
            let service = services[object.service]
            // What is said of a service that is not served for a known reason says enough.
            let isServed = !isMirror && (service == nil || service?.definition != nil)
            notes += object.notes.map { note in
                var note = note
                note.isWarning = note.isWarning && isServed
                return ManifestNote(note, of: object.title, at: object.position)
            }
            if isMirror {
                let isLoss = object.hasEndpoints && owners[object.service] == false
                let contrast = isLoss ? ", although these have no endpoints" : ""
                note(object, " is left out, as its service has endpoint slices\(contrast)", isWarning: isLoss)
                continue
            }
            guard let slice = object.slice else {
                note(object, " is left out: host names are not served", isWarning: isServed)
                continue
            }
            // Programs that elect a leader have Endpoints without a service.
            if !object.isClassic || service != nil { slices[slice.name] = slice }
            if let definition = service?.definition {
                compare(object, slice, definition)
                present[object.service, default: []].append(object)
            } else if service == nil {
                let isWarning = !object.isClassic || object.hasEndpoints
                note(object, ": there is no service \(object.service)", isWarning: isWarning)
            }
        }
        for name in names {
            guard let objects = present[name], let service = services[name] else { continue }
            findPortsWithoutEndpoints(service, objects)
            findAddressesWithoutEndpoints(service, objects)
        }
    }

    /// Compares the ports and the address families of endpoints with those of their service.
    private mutating func compare(_ object: EndpointsObject, _ slice: EndpointSlice, _ service: ServiceDefinition) {
        let unknown = Set(object.ports.map(\.name)).filter { service.ports[$0] == nil }.sorted()
        if !unknown.isEmpty {
            let things = unknown.count == 1 ? "port" : "ports"
            note(object, ": ports \(unknown.shown): the service has no such \(things)", isWarning: true)
        }
        for name in Set(object.ports.map(\.name)).subtracting(unknown).sorted() {
            guard let wanted = service.ports[name]?.transport,
                let other = object.ports.lazy.filter({ $0.name == name }).compactMap(\.transport).first(where: {
                    $0 != wanted
                })
            else { continue }
            // kube-proxy takes them for the endpoints of another port.
            slices[slice.name]?.endpoints[name] = nil
            let sentence = "is \(other) and left out, as the port of the service is \(wanted)"
            note(object, ": port \([name].shown): \(sentence)", isWarning: true)
        }
        let families = Set(service.ports.values.first?.clusterIPs.map(\.family) ?? [])
        for family in object.families.subtracting(families).sorted(by: { $0.rawValue < $1.rawValue }) {
            // Clusters of both families have slices of both for each service.
            note(object, ": the service has no \(family) address among its cluster IPs", isWarning: false)
        }
    }

    /// Finds ports of a service that has endpoints, but none for these ports.
    private mutating func findPortsWithoutEndpoints(_ service: Service, _ objects: [EndpointsObject]) {
        // Without any endpoints there is a slice without ports.
        guard objects.contains(where: \.hasEndpoints), let ports = service.definition?.ports.keys else { return }
        let served = Set(objects.flatMap { $0.ports.map(\.name) })
        let missing = ports.filter { !served.contains($0) }.sorted()
        guard !missing.isEmpty else { return }
        let reason =
            objects.contains { !$0.isClassic }
            ? "no endpoint slice has \(missing.count == 1 ? "such a port" : "such ports")"
            : "its Endpoints have no such \(missing.count == 1 ? "port" : "ports")"
        let sentence = "\(service.title): ports \(missing.shown): \(reason)"
        notes.append(ManifestNote(sentence, at: service.position, isWarning: true, isOfSeveral: true))
    }

    /// Finds cluster IPs of a service that has endpoints, but none that connections to these can get.
    private mutating func findAddressesWithoutEndpoints(_ service: Service, _ objects: [EndpointsObject]) {
        guard objects.contains(where: \.hasEndpoints), let port = service.definition?.ports.values.first else { return }
        // A control plane makes a slice for each family, with or without endpoints.
        let families = Set(objects.flatMap { $0.families.union([$0.family].compactMap(\.self)) })
        for address in port.clusterIPs where !families.contains(address.family) {
            let sentence =
                "\(service.title): no \(objects.allSatisfy(\.isClassic) ? "Endpoints have" : "endpoint slice has") \(address.family) addresses, which connections to \(address) need"
            notes.append(ManifestNote(sentence, at: service.position, isWarning: true, isOfSeveral: true))
        }
    }

    /// Records something about an object that follows from other objects.
    private mutating func note(_ object: EndpointsObject, _ sentence: String, isWarning: Bool) {
        let sentence = "\(object.title)\(sentence)"
        notes.append(ManifestNote(sentence, at: object.position, isWarning: isWarning, isOfSeveral: true))
    }
}

extension [String] {
    /// The names of ports in a sentence.
    fileprivate var shown: String { map { $0.isEmpty ? "\"\"" : $0 }.joined(separator: ", ") }
}
