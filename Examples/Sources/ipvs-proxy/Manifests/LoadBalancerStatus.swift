import Common
import IPVS

/// The part of a service's status that is about its load balancers.
///
/// Controllers write it, and API servers hardly check it. What is wrong in it is left out with a warning.
struct LoadBalancerStatus {
    /// The addresses of load balancers, except those that replace the destination address.
    private(set) var addresses: [IPAddress] = []

    /// The addresses of load balancers that replace it, so that no packet arrives with them.
    private(set) var replaced: [IPAddress] = []

    init(_ service: Place, _ fields: inout Fields) {
        fields.tolerantly { fields in
            let status = fields.object(service.field("status"), .serviceStatus)
            let balancer = fields.object(status?.field("loadBalancer"), .loadBalancerStatus)
            for place in fields.list(balancer?.field("ingress")) {
                guard let ingress = fields.object(place, .loadBalancerIngress) else { continue }
                add(ingress, &fields)
            }
        }
    }

    private mutating func add(_ ingress: Place, _ fields: inout Fields) {
        let address = ingress.filled("ip")
        let mode = ingress.filled("ipMode")
        switch mode == nil ? true : fields.choice(mode, ["VIP": true, "Proxy": false]) {
        case true?: if let address = fields.serviceAddress(address) { addresses.append(address) }
        // It is not served, so that any address will do.
        case false?: replaced += [address?.scalarText.flatMap { IPAddress(manifest: $0) }].compactMap(\.self)
        // kube-proxy serves no address of an unknown mode.
        case nil: break
        }
    }
}
