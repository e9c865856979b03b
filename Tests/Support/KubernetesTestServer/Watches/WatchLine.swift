internal import NIOCore

/// The lines of a watch.
enum WatchLine {
    static func write(
        _ type: KubernetesTestServer.EventType,
        _ object: StoredObject,
        to buffer: inout ByteBuffer
    ) {
        buffer.writeString("{\"type\":\"\(type.rawValue)\",\"object\":")
        object.write(to: &buffer)
        buffer.writeStaticString("}\n")
    }

    static func event(_ type: String, _ object: JSON) -> String {
        JSON.object(["type": .string(type), "object": object]).text + "\n"
    }

    static func error(_ status: APIStatus) -> ByteBuffer { ByteBuffer(string: event("ERROR", status.json)) }

    /// A bookmark. As a real server's, it is an object of the kind, whose fields are empty.
    static func bookmark(
        _ resource: KubernetesTestServer.Resource,
        version: Int,
        endsInitialEvents: Bool
    ) -> ByteBuffer {
        var metadata: JSON = ["resourceVersion": "\(version)", "creationTimestamp": nil]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        var object = resource.emptyFields
        object["kind"] = .string(resource.kind)
        object["apiVersion"] = .string(resource.apiVersion)
        object["metadata"] = metadata
        return ByteBuffer(string: event("BOOKMARK", object))
    }
}

extension KubernetesTestServer.Resource {
    /// The fields of an object of which nothing is set, as Go writes them.
    fileprivate var emptyFields: JSON {
        switch self {
        case .services: ["spec": [:], "status": ["loadBalancer": [:]]]
        case .endpointSlices: ["addressType": "", "endpoints": nil, "ports": nil]
        case .nodes: ["spec": [:], "status": ["daemonEndpoints": ["kubeletEndpoint": ["Port": 0]], "nodeInfo": [:]]]
        default: [:]
        }
    }
}
