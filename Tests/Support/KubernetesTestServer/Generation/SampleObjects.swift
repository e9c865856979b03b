/// Objects as a real server has them, in any number.
public enum SampleObjects {
    /// A service with a cluster IP of its own and one port.
    ///
    /// - Parameter index: Which service, from 0 to 65,535.
    /// - Returns: The service.
    public static func service(_ index: Int) -> JSON {
        [
            "apiVersion": "v1", "kind": "Service",
            "metadata": [
                "name": "\(name(index))", "namespace": "default", "labels": ["app": "\(name(index))"],
                "managedFields": [managedFields("kubectl-client-side-apply", "v1", serviceFields)],
            ],
            "spec": [
                "type": "ClusterIP", "clusterIP": "\(clusterIP(index))", "clusterIPs": ["\(clusterIP(index))"],
                "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
                "sessionAffinity": "None", "selector": ["app": "\(name(index))"],
                "ports": [["name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080]],
            ],
            "status": ["loadBalancer": [:]],
        ]
    }

    /// The slice of a service with ready endpoints.
    ///
    /// - Parameters:
    ///   - index: Which service, from 0 to 65,535.
    ///   - endpoints: How many endpoints it has, up to 200.
    ///   - generation: Another number from 0 to 3 gives all endpoints other addresses, as after a rolling update.
    /// - Returns: The slice.
    public static func endpointSlice(_ index: Int, endpoints: Int, generation: Int = 0) -> JSON {
        [
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": [
                "name": "\(name(index))-slice", "namespace": "default", "generateName": "\(name(index))-",
                "labels": [
                    "app": "\(name(index))", "kubernetes.io/service-name": "\(name(index))",
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                ],
                "annotations": ["endpoints.kubernetes.io/last-change-trigger-time": "2025-01-01T00:00:00Z"],
                "ownerReferences": [
                    [
                        "apiVersion": "v1", "kind": "Service", "name": "\(name(index))", "controller": true,
                        "blockOwnerDeletion": true, "uid": "00000000-0000-4000-8000-000000000000",
                    ]
                ],
                "managedFields": [managedFields("kube-controller-manager", "discovery.k8s.io/v1", sliceFields)],
            ],
            "addressType": "IPv4",
            "endpoints": .array((0..<endpoints).map { endpoint(index, $0, generation: generation) }),
            "ports": [["name": "http", "protocol": "TCP", "port": 8080]],
        ]
    }

    private static func endpoint(_ index: Int, _ number: Int, generation: Int) -> JSON {
        let pod = "\(name(index))-\(number)-\(generation)"
        return [
            "addresses": [.string(address(index, number, generation: generation))],
            "conditions": ["ready": true, "serving": true, "terminating": false],
            "nodeName": "node-\(number % 10)", "zone": "zone-\(number % 3)",
            "targetRef": [
                "kind": "Pod", "namespace": "default", "name": .string(pod),
                "uid": "00000000-0000-4000-8000-000000000001",
            ],
        ]
    }

    private static func name(_ index: Int) -> String { "service-\(index)" }

    private static func clusterIP(_ index: Int) -> String { "10.96.\(index / 256).\(index % 256)" }

    /// The address of an endpoint, which differs for each service, endpoint and generation, of which there are four in turn.
    private static func address(_ index: Int, _ number: Int, generation: Int) -> String {
        let value = (index * 200 + number) * 4 + generation % 4
        return "\(11 + value / 16_777_216 % 64).\(value / 65_536 % 256).\(value / 256 % 256).\(value % 256)"
    }

    private static func managedFields(_ manager: String, _ version: String, _ fields: JSON) -> JSON {
        [
            "manager": "\(manager)", "operation": "Update", "apiVersion": "\(version)", "time": "2025-01-01T00:00:00Z",
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        ]
    }

    private static let serviceFields: JSON = [
        "f:metadata": ["f:labels": [".": [:], "f:app": [:]]],
        "f:spec": [
            "f:internalTrafficPolicy": [:], "f:selector": [:], "f:sessionAffinity": [:], "f:type": [:],
            "f:ports": [
                ".": [:],
                #"k:{"port":80,"protocol":"TCP"}"#: [
                    ".": [:], "f:name": [:], "f:port": [:], "f:protocol": [:], "f:targetPort": [:],
                ],
            ],
        ],
    ]

    private static let sliceFields: JSON = [
        "f:addressType": [:], "f:endpoints": [:], "f:ports": [:],
        "f:metadata": [
            "f:annotations": [".": [:], "f:endpoints.kubernetes.io/last-change-trigger-time": [:]],
            "f:generateName": [:],
            "f:labels": [
                ".": [:], "f:app": [:], "f:endpointslice.kubernetes.io/managed-by": [:],
                "f:kubernetes.io/service-name": [:],
            ],
            "f:ownerReferences": [".": [:], #"k:{"uid":"00000000-0000-4000-8000-000000000000"}"#: [:]],
        ],
    ]
}
