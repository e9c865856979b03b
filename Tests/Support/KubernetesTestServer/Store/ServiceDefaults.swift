/// What a server fills in when a service is created by a client.
enum ServiceDefaults {
    static func apply(to object: JSON, of resource: KubernetesTestServer.Resource) -> JSON {
        guard resource == .services, var spec = object["spec"], case .object = spec else { return object }
        for (name, value) in ["type": "ClusterIP", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"]
            as [String: JSON]
        where spec[name] == nil {
            spec[name] = value
        }
        if spec["type"] != "ExternalName", spec["clusterIP"] == nil {
            // From the upper half of the usual range 10.96.0.0/12; tests that choose addresses themselves take the lower half.
            let address = [104...111, 0...255, 1...254].map { String(Int.random(in: $0)) }.joined(separator: ".")
            spec["clusterIP"] = .string("10." + address)
        }
        if let address = spec["clusterIP"], spec["clusterIPs"] == nil { spec["clusterIPs"] = [address] }
        if let ports = spec["ports"]?.array {
            spec["ports"] = .array(
                ports.map { port in
                    var port = port
                    if port["protocol"] == nil { port["protocol"] = "TCP" }
                    if port["targetPort"] == nil { port["targetPort"] = port["port"] }
                    return port
                }
            )
        }
        var object = object
        object["spec"] = spec
        if object["status"] == nil { object["status"] = ["loadBalancer": [:]] }
        return object
    }
}
