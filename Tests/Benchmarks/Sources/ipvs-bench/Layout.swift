import CLayout
import IPVS

/// The table of all benchmark programs, as values of the library.
struct Layout {
    let services: UInt32
    let realServers: UInt32

    /// The services of a pass that has its own, starting with 1. Other passes share those of pass 1.
    func services(ofPass pass: UInt32 = 1) -> Range<UInt32> { (pass - 1) * services..<pass * services }

    func id(_ service: UInt32) -> VirtualServer.Identity {
        .tcp(IPAddress(ipv4: layout_virtual_address(service)), UInt16(layout_virtual_port))
    }

    func service(_ service: UInt32, change: Change = .none) throws -> Table.Entry {
        try Table.Entry(
            VirtualServer(id(service), scheduler: .weightedRoundRobin),
            realServers: (service * realServers..<(service + 1) * realServers).map { real($0, change) }
        )
    }

    func table(_ services: Range<UInt32>, change: Change = .none) throws -> Table {
        try Table(services.map { try service($0, change: change) })
    }

    /// How a pass changes weights.
    enum Change { case none, all(pass: UInt32), few(pass: UInt32) }

    private func real(_ index: UInt32, _ change: Change) -> RealServer {
        let weight =
            switch change {
            case .all(let pass): layout_changed_weight(pass)
            case .few(let pass) where layout_is_in_small_change(index) != 0: layout_changed_weight(pass)
            case .none, .few: UInt32(layout_initial_weight)
            }
        let address = IPAddress(ipv4: layout_real_address(index))
        return RealServer(address, UInt16(layout_real_port), forwarding: .masquerade, weight: weight)
    }
}
