import IPVS

/// Which virtual servers are a proxy's own.
///
/// Each of its own bears a mark: the upper half of its flags, of which the kernel keeps every bit and uses none. So the
/// knowledge is where the virtual server is; it outlives the process, and the interface too. Whoever edits a virtual server
/// with ipvsadm takes the mark away; of those that it has made itself a process knows it all the same.
struct Ownership {
    /// The mark of the proxy.
    let mark: VirtualServer.Flags

    /// Virtual servers that the process has made, or found with the mark.
    var known: Set<VirtualServer.Identity> = []

    /// What it takes over, unless it bears the mark of another proxy.
    var adopted = Adoption()

    /// Blocks of addresses that are not the proxy's, whatever is marked there.
    var excludedBlocks: [IPAddress.Block] = []

    /// Virtual servers at some addresses, and some others.
    struct Adoption {
        var addresses: Set<IPAddress> = []
        var servers: Set<VirtualServer.Identity> = []
    }

    private static let markBits: UInt32 = 0xffff_0000

    /// The ownership of the proxy that binds its addresses to an interface: two proxies of one node have two interfaces.
    init(interface: String) { mark = Self.mark(for: interface) }

    /// A hash of the interface's name (FNV-1a), as the mark of those who have no other name.
    private static func mark(for interface: String) -> VirtualServer.Flags {
        var hash: UInt32 = 0x811c_9dc5
        for byte in interface.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        let bits = (hash ^ hash << 16) & markBits
        return VirtualServer.Flags(rawValue: bits == 0 ? 1 << 16 : bits)
    }

    /// Whether a virtual server that is in the kernel's table may be changed and deleted.
    func includes(_ server: VirtualServer) -> Bool {
        guard let address = server.id.address, !excludes(address) else { return false }
        let bits = server.flags.rawValue & Self.markBits
        if bits == mark.rawValue { return true }
        guard bits == 0 else { return false }
        return known.contains(server.id) || adopted.addresses.contains(address) || adopted.servers.contains(server.id)
    }

    /// The virtual server with the mark.
    func marking(_ server: VirtualServer) -> VirtualServer {
        var server = server
        server.flags = server.flags.union(mark)
        return server
    }

    /// Whether an address is not the proxy's to bind, unbind or serve.
    func excludes(_ address: IPAddress) -> Bool { excludedBlocks.cover(address) }
}

extension VirtualServer.Identity {
    /// The address at which it is reached; nil for a firewall mark.
    var address: IPAddress? {
        switch self {
        case .endpoint(_, let endpoint): endpoint.address
        case .firewallMark: nil
        }
    }
}
