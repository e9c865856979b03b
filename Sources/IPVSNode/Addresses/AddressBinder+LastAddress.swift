import Glibc
import IPVS

// With the last IPv4 address of an interface, Linux removes all IPv4 routes over it, as if nobody needed them any more.
extension AddressBinder {
    /// The addresses whose routes the kernel would remove too if other addresses of the interface were unbound.
    ///
    /// Hardly any interface has both addresses and routes of binders. Those that the method doesn't use are listed first, so
    /// that there is only one short list in most cases.
    func routesLost(with requested: Set<IPAddress>, _ link: Link) throws(AddressError) -> [IPAddress] {
        guard requested.contains(where: { $0.family == .ipv4 }) else { return [] }
        switch method {
        case .addresses:
            let lost = try routesOfOthers(than: requested, link)
            guard !lost.isEmpty else { return [] }
            return try areLast(requested, link) ? lost : []
        case .routes:
            return try areLast(requested, link) ? routesOfOthers(than: requested, link) : []
        }
    }

    private func routesOfOthers(than requested: Set<IPAddress>, _ link: Link) throws(AddressError) -> [IPAddress] {
        try routedAddresses(.ipv4, link).subtracting(requested).sorted()
    }

    /// Whether the interface has IPv4 addresses, and would have none without these.
    private func areLast(_ requested: Set<IPAddress>, _ link: Link) throws(AddressError) -> Bool {
        let present = try list(link.index).filter { $0.interface == link.index && $0.address.family == .ipv4 }
        return !present.isEmpty && present.allSatisfy { $0.isSingle && requested.contains($0.address) }
    }

    /// Adds routes again that the kernel has removed, and returns the errors of those that failed.
    func restore(_ routes: [IPAddress], _ link: Link) -> [IPAddress: AddressError] {
        do throws(AddressError) {
            return try send(.bind, by: .routes, routes, link.index, isBegun: true).filter { $0.value.errno != EEXIST }
        } catch {
            return Dictionary(routes.map { ($0, error) }) { $1 }
        }
    }
}
