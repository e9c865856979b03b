import IPVS
import IPVSProxy
import Testing

@testable import ipvs_proxy

/// The status of services, which controllers write. What is wrong in it is left out.
@Suite struct ManifestStatus {
    /// A service with a status, which is in line 5, and another service.
    private func readService(status: String) -> ManifestReader {
        read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: shop}
            spec: {type: LoadBalancer, clusterIP: 10.96.0.1, ports: [{port: 80}]}
            status: \(status)
            ---
            \(Sample.service("other", clusterIP: "10.96.0.2"))
            """
        )
    }

    private func addresses(_ reader: ManifestReader) -> [IPAddress]? {
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(reader.manifests.services.count == 2)
        return reader.manifests.services[NamespacedName("shop", "web")]?.ports[""]?.loadBalancerIPs
    }

    @Test(
        arguments: [
            ("0.0.0.0", "0.0.0.0 is the unspecified address, which no service can have"),
            ("::", ":: is the unspecified address, which no service can have"),
            ("127.0.0.1", "127.0.0.1 is a loopback address, which no service can have"),
            ("::1", "::1 is a loopback address, which no service can have"),
            ("169.254.0.1", "169.254.0.1 is a link-local address, which no service can have"),
            ("fe80::1", "fe80::1 is a link-local address, which no service can have"),
            ("224.0.0.1", "224.0.0.1 is a multicast address, which no service can have"),
            ("ff02::1", "ff02::1 is a multicast address, which no service can have"),
            ("255.255.255.255", "255.255.255.255 is the broadcast address, which no service can have"),
            (" ", "\" \" is not an IP address"),
            ("192.0.2.999", "\"192.0.2.999\" is not an IP address"),
            ("pending", "\"pending\" is not an IP address"),
            ("192.0.2.1\n", "\"192.0.2.1\\n\" is not an IP address"),
        ]
    )
    func wrongAddresses(text: String, reason: String) {
        let escaped = text.replacing("\n", with: "\\n")
        let reader = readService(status: "{loadBalancer: {ingress: [{ip: \"\(escaped)\"}, {ip: 192.0.2.1}]}}")
        #expect(addresses(reader) == [IPAddress(192, 0, 2, 1)])
        #expect(
            reader.notes.map(\.description) == [
                "a.yaml:5: Service shop/web: status.loadBalancer.ingress[0].ip: \(reason); it is left out"
            ]
        )
        #expect(reader.notes.map(\.isWarning) == [true])
    }

    @Test(
        arguments: [
            ("pending", "status: must be an object, not pending"),
            ("[]", "status: must be an object, not a list"),
            ("{loadBalancer: none}", "status.loadBalancer: must be an object, not none"),
            (
                "{loadBalancer: {ingress: {ip: 192.0.2.1}}}",
                "status.loadBalancer.ingress: must be a list, not an object"
            ),
            (
                "{loadBalancer: {ingress: [192.0.2.1]}}",
                "status.loadBalancer.ingress[0]: must be an object, not 192.0.2.1"
            ),
            ("{loadBalancer: {ingress: [{ip: 5}]}}", "status.loadBalancer.ingress[0].ip: must be a text, not 5"),
            ("{loadBalancer: {ingress: [{ip: []}]}}", "status.loadBalancer.ingress[0].ip: must be a text, not a list"),
            (
                "{loadBalancer: {<<: {ingress: [{ip: 192.0.2.1}]}}}",
                "status.loadBalancer.<<: can't be merged here"
            ),
            (
                "{loadBalancer: {ingress: [{ip: 192.0.2.1, ipMode: Direct}]}}",
                "status.loadBalancer.ingress[0].ipMode: must be VIP or Proxy, not Direct"
            ),
        ]
    )
    func wrongShapes(status: String, reason: String) {
        let reader = readService(status: status)
        #expect(addresses(reader) == [])
        #expect(
            reader.notes.map(\.description) == ["a.yaml:5: Service shop/web: \(reason); it is left out"]
        )
        #expect(reader.notes.map(\.isWarning) == [true])
    }

    @Test(
        arguments: [
            "", "null", "{}", "{loadBalancer: null}", "{loadBalancer: {}}", "{loadBalancer: {ingress: null}}",
            "{loadBalancer: {ingress: [{hostname: a.example.org, ip: \"\"}]}}",
            "{loadBalancer: {ingress: [{hostname: a.example.org, ip: \"\", ipMode: \"\"}]}}",
            "{loadBalancer: {ingress: [{ip: 0.0.0.0, ipMode: Proxy}]}}",
        ]
    )
    func nothingToSay(status: String) {
        let reader = readService(status: status)
        #expect(addresses(reader) == [] && reader.notes.isEmpty, "\(reader.notes)")
    }

    @Test func theSameAddressTwice() {
        let reader = readService(status: "{loadBalancer: {ingress: [{ip: 192.0.2.1}, {ip: 192.0.2.1, ipMode: \"\"}]}}")
        #expect(addresses(reader) == [IPAddress(192, 0, 2, 1)] && reader.notes.isEmpty)
    }

    /// Only a person can have written it.
    @Test func aMisspelledField() {
        let reader = readService(status: "{loadBalancer: {ingress: [{ip: 192.0.2.1, ipmode: Proxy}]}}")
        #expect(
            reader.errors.map(\.description) == [
                "a.yaml:5: Service shop/web: status.loadBalancer.ingress[0].ipmode: there is no such field; did you mean ipMode?"
            ]
        )
    }

    /// A load balancer's address is served if its controller confirms it.
    @Test(
        arguments: [
            ("{}", true), ("{loadBalancer: {ingress: [{ip: 192.0.2.8}]}}", true),
            ("{loadBalancer: {ingress: [{ip: 192.0.2.7}]}}", false),
            ("{loadBalancer: {ingress: [{ip: 192.0.2.7, ipMode: Proxy}]}}", false),
        ]
    )
    func anAddressThatWasAskedFor(status: String, isWarning: Bool) {
        let reader = read(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {type: LoadBalancer, loadBalancerIP: 192.0.2.7, clusterIP: 10.96.0.1, ports: [{port: 80}]}
            status: \(status)
            """
        )
        #expect(reader.errors.isEmpty)
        let warning =
            "a.yaml:4: Service default/web: spec.loadBalancerIP: 192.0.2.7 is not served: "
            + "of load balancers, only addresses in status.loadBalancer are"
        #expect(reader.notes.map(\.description) == (isWarning ? [warning] : []))
    }
}
