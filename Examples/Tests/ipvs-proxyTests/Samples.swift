import Foundation
import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// Basic manifests for tests.
enum Sample {
    static func fixture(_ name: String) throws -> String {
        try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)"),
            encoding: .utf8
        )
    }

    /// A service with one port.
    static func service(_ name: String = "web", clusterIP: String = "10.96.0.1") -> String {
        """
        apiVersion: v1
        kind: Service
        metadata:
          name: \(name)
        spec:
          clusterIP: \(clusterIP)
          ports:
          - port: 80

        """
    }

    /// The same in JSON.
    static func serviceInJSON(_ name: String = "web") -> String {
        """
        {
          "apiVersion": "v1",
          "kind": "Service",
          "metadata": {"name": "\(name)"},
          "spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 80}]}
        }

        """
    }

    /// An endpoint slice of a service.
    static func slice(_ name: String = "web-1", of service: String = "web", _ addresses: String...) -> String {
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata:
          name: \(name)
          labels: {kubernetes.io/service-name: \(service)}
        addressType: IPv4
        ports:
        - port: 8080
        endpoints: [\(addresses.map { "{addresses: [\($0)]}" }.joined(separator: ", "))]

        """
    }
}

/// The objects from a text in a file, on the node `node-a`. The reader of an API server's objects has to agree.
func read(
    _ text: String,
    file: String = "a.yaml",
    sourceLocation: SourceLocation = #_sourceLocation
) -> ManifestReader {
    expectAgreement(on: text, isJSON: file.hasSuffix(".json"), sourceLocation: sourceLocation)
    var reader = ManifestReader(NodeIdentity(name: "node-a"))
    reader.read(text, file: file)
    reader.finish()
    return reader
}
