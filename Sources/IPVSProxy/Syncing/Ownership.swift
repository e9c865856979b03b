import IPVS

/// Which virtual servers are a proxier's own.
///
/// Each of them bears a mark: the upper half of its flags, of which the kernel keeps every bit and uses none. So the mark
/// outlives the process, and the interface too. `ipvsadm` takes the mark away when it edits a virtual server, so a process
/// also remembers its own (``SyncMemory``), and takes over those that are wanted at its addresses (``TakeOverRule``).
struct Ownership {
    /// The mark of the proxier.
    let mark: VirtualServer.Flags

    /// Blocks of addresses that are not the proxier's, whatever is marked there.
    private let excludedBlocks: [IPAddress.Block]

    private static let markBits: UInt32 = 0xffff_0000

    /// The ownership of the proxier that binds its addresses to an interface. Two proxiers of one node have two interfaces.
    init(interface: String, excluding excludedBlocks: [IPAddress.Block] = []) {
        mark = Self.mark(for: interface)
        self.excludedBlocks = excludedBlocks
    }

    /// The mark of the proxier with an interface: a hash of the interface's name (FNV-1a). Nothing else tells two proxiers
    /// of a node apart. That two names have one mark is rare but possible; see `NodeSync.verifyMark()`.
    static func mark(for interface: String) -> VirtualServer.Flags {
        var hash: UInt32 = 0x811c_9dc5
        for byte in interface.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        let bits = (hash ^ hash << 16) & markBits
        return VirtualServer.Flags(rawValue: bits == 0 ? 1 << 16 : bits)
    }

    /// Whether a virtual server of the kernel's table may be changed and deleted.
    func includes(_ server: VirtualServer, by memory: SyncMemory) -> Bool {
        guard let address = server.id.address, !excludes(address) else { return false }
        let found = Self.mark(of: server)
        if found == mark { return true }
        return found.isEmpty && memory.owns(server.id, at: address)
    }

    /// The mark that a virtual server of the kernel's table has; empty if it has none.
    static func mark(of server: VirtualServer) -> VirtualServer.Flags {
        VirtualServer.Flags(rawValue: server.flags.rawValue & markBits)
    }

    /// The virtual server with the mark.
    func marking(_ server: VirtualServer) -> VirtualServer {
        var server = server
        server.flags = server.flags.union(mark)
        return server
    }

    /// Whether an address is not the proxier's to bind, unbind or serve.
    func excludes(_ address: IPAddress) -> Bool { excludedBlocks.cover(address) }
}

extension VirtualServer.Identity {
    /// The address of the virtual server; nil for a firewall mark.
    var address: IPAddress? {
        switch self {
        case .endpoint(_, let endpoint): endpoint.address
        case .firewallMark: nil
        }
    }
}
