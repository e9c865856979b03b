import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// The forms of addresses in manifests.
@Suite struct ManifestAddresses {
    /// Older API servers have stored numbers with leading zeros, which are decimal.
    @Test(
        arguments: [
            ("10.96.011.012", "10.96.11.12"), ("198.051.100.001", "198.51.100.1"), ("010.000.0.0001", "10.0.0.1"),
            ("000.0.0.8", "0.0.0.8"), ("10.0.0.000", "10.0.0.0"), ("fd00::00001", "fd00::1"),
            ("00fd00::0a", "fd00::a"), ("64:ff9b::192.000.002.033", "64:ff9b::c000:221"), ("10.96.0.1", "10.96.0.1"),
        ]
    )
    func leadingZeros(text: String, address: String) {
        #expect(IPAddress(manifest: text)?.description == address)
    }

    @Test(
        arguments: [
            "", " ", "0", "10.96.0", "10.96.0.0256", "10.96.10.999", "10.96.0.1 ", "10..0.1", "0x0a.0.0.1",
            "10.96.0.1/32",
            "fd00::0fffff", "00", "1.2.3.4.05",
        ]
    )
    func whatIsNone(text: String) { #expect(IPAddress(manifest: text) == nil) }

    @Test func inEveryField() throws {
        let reader = read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: old}
            spec:
              clusterIP: 10.96.011.012
              clusterIPs: [10.96.11.12]
              externalIPs: ["198.051.100.001"]
              ports: [{port: 80}]
            status: {loadBalancer: {ingress: [{ip: 192.000.002.001}]}}
            ---
            \(Sample.slice("old-1", of: "old", "10.244.010.05"))
            """
        )
        #expect(reader.errors.isEmpty && reader.notes.isEmpty, "\(reader.errors)\(reader.notes)")
        let port = try #require(reader.manifests.services.values.first?.ports[""])
        #expect(port.clusterIPs == [IPAddress(10, 96, 11, 12)])
        #expect(port.externalIPs == [IPAddress(198, 51, 100, 1)])
        #expect(port.loadBalancerIPs == [IPAddress(192, 0, 2, 1)])
        let endpoints = try #require(reader.manifests.slices.values.first?.endpoints[""])
        #expect(endpoints.map(\.endpoint) == [Endpoint(IPAddress(10, 244, 10, 5), 8080)])
    }

    @Test func mappedOnes() throws {
        #expect(IPAddress(manifest: "::ffff:10.96.10.7")?.mappedIPv4 == IPAddress(10, 96, 10, 7))
        #expect(IPAddress(manifest: "::ffff:0a60:a07")?.mappedIPv4 == IPAddress(10, 96, 10, 7))
        for text in ["::fffe:10.96.10.7", "1::ffff:10.96.10.7", "::10.96.10.7", "10.96.10.7"] {
            #expect(try #require(IPAddress(manifest: text)).mappedIPv4 == nil)
        }
        for field in ["clusterIP: '::ffff:10.96.10.7'", "clusterIPs: ['::ffff:10.96.10.7']"] {
            let name = field.hasPrefix("clusterIPs") ? "clusterIPs[0]" : "clusterIP"
            let reader = read(
                "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {\(field), ports: [{port: 80}]}\n"
            )
            #expect(reader.errors.isEmpty)
            let service = reader.manifests.services.values.first
            #expect(service?.ports[""]?.clusterIPs == [IPAddress(10, 96, 10, 7)])
            #expect(
                reader.notes.map(\.description) == [
                    "a.yaml:4: Service default/web: spec.\(name): ::ffff:10.96.10.7 is IPv4-mapped, and counts as 10.96.10.7"
                ]
            )
        }
    }

    @Test func oneExternalIPTwice() {
        let reader = read(Sample.service() + "  externalIPs: [192.0.2.1, 192.0.2.2, 192.0.2.1]\n")
        #expect(reader.errors.isEmpty && reader.notes.isEmpty)
        #expect(
            reader.manifests.services.values.first?.ports[""]?.externalIPs
                == [IPAddress(192, 0, 2, 1), IPAddress(192, 0, 2, 2)]
        )
    }

    /// A wrong address costs its endpoint.
    @Test(
        arguments: [
            ("web-0.web", "\"web-0.web\" is not an IP address"),
            ("10.244.0.999", "\"10.244.0.999\" is not an IP address"),
            ("fd00::1", "fd00::1 is not an address of the slice's addressType"),
            ("0.0.0.0", "0.0.0.0 is the unspecified address, which no endpoint can have"),
            ("224.0.0.1", "224.0.0.1 is a multicast address, which no endpoint can have"),
            ("255.255.255.255", "255.255.255.255 is the broadcast address, which no endpoint can have"),
        ]
    )
    func ofEndpoints(text: String, reason: String) throws {
        let reader = read(
            "\(Sample.service())---\n\(Sample.slice("web-1", of: "web", "'\(text)'", "10.244.0.1"))"
        )
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        let endpoints = try #require(reader.manifests.slices.values.first?.endpoints[""])
        #expect(endpoints.map(\.endpoint) == [Endpoint(IPAddress(10, 244, 0, 1), 8080)])
        #expect(
            reader.notes.map(\.description) == [
                "a.yaml:18: EndpointSlice default/web-1: endpoints[0].addresses[0]: \(reason); it is left out"
            ]
        )
        #expect(reader.notes.map(\.isWarning) == [true])
    }

    /// API servers store them.
    @Test(
        arguments: [
            ("239.1.1.1", "239.1.1.1 is a multicast address, which no service can have"),
            ("255.255.255.255", "255.255.255.255 is the broadcast address, which no service can have"),
        ]
    )
    func ofGroupsOfHosts(text: String, reason: String) {
        let reader = read(Sample.service() + "  externalIPs: [\(text), 192.0.2.1]\n")
        #expect(reader.errors.isEmpty)
        #expect(reader.manifests.services.values.first?.ports[""]?.externalIPs == [IPAddress(192, 0, 2, 1)])
        #expect(
            reader.notes.map(\.description) == [
                "a.yaml:9: Service default/web: spec.externalIPs[0]: \(reason); it is left out"
            ]
        )
    }

    @Test func mappedOnesOfEndpoints() {
        let reader = read("\(Sample.service())---\n\(Sample.slice("web-1", of: "web", "'::ffff:10.244.0.1'"))")
        let endpoints = reader.manifests.slices.values.first?.endpoints[""]
        #expect(endpoints?.map(\.endpoint) == [Endpoint(IPAddress(10, 244, 0, 1), 8080)])
        #expect(reader.notes.map(\.isWarning) == [true])
    }

    @Test(arguments: ["127.0.0.1", "169.254.0.1"])
    func ofEndpointsOnTheNode(text: String) {
        let reader = read("\(Sample.service())---\n\(Sample.slice("web-1", of: "web", text))")
        #expect(reader.errors.isEmpty && reader.notes.isEmpty)
        #expect(reader.manifests.slices.values.first?.endpoints[""]?.count == 1)
    }

    /// One warning for each object and cause.
    @Test func manyOfThem() {
        let addresses = ["a", "b", "c"].map { "{addresses: [\($0), 10.0.0.1, 10.0.0.2]}" }.joined(separator: ", ")
        let slice = Sample.slice().replacing("endpoints: []", with: "endpoints: [\(addresses)]")
        #expect(
            read("\(Sample.service())---\n\(slice)").notes.map(\.sentence) == [
                "EndpointSlice default/web-1: endpoints[0].addresses[1]: 10.0.0.1 is left out: "
                    + "only the first address of an endpoint counts; so are 5 more",
                "EndpointSlice default/web-1: endpoints[0].addresses[0]: \"a\" is not an IP address; it is left out; "
                    + "so are 2 more",
            ]
        )
    }
}
