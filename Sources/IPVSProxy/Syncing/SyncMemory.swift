import IPVS

/// What is remembered of virtual servers and addresses from one sync to the next.
///
/// A virtual server is in one of four states. A sync forgets the failures of the one before (``begin()``), notes its own
/// (``fail(_:)`` and ``failToMake(_:)``), and at its end settles the virtual servers that it has looked at
/// (``settle(_:in:)`` or ``settleAll(in:)``):
///
///                            made
///     ┌─────────┐ ─────────────────────────▶ ┌──────────┐
///     │ unknown │                            │   own    │
///     └─────────┘ ◀───────────────────────── └──────────┘
///       │     ▲      no longer wanted          │      ▲
///       │     │                         failed │      │ made
///       │     │                                ▼      │
///       │     │      no longer wanted        ┌──────────┐
///       │     ├───────────────────────────── │ doubtful │
///       │     │                              └──────────┘
///       │     │ no longer wanted
///       ▼     │
///     ┌─────────┐          made
///     │ unmade  │ ─────────────────────────▶ own
///     └─────────┘
///          ▲   not made
///          └─────────────── unknown, own, doubtful
///
/// - *Made*: it is wanted, and the sync has noted no failure of it.
/// - *No longer wanted*: it is not wanted, and the sync has noted no failure to delete it.
/// - *Failed*: ``fail(_:)`` was called for it. An unknown one that has the mark or is taken over goes to *own* first.
/// - *Not made*: ``failToMake(_:)`` was called for it, too.
///
/// The states:
///
/// - *Unknown*: the proxier has not made it. It is the proxier's own only if it has the mark, or is taken over
///   (``TakeOverRule``).
/// - *Own*: the proxier has made it, found it with the mark, or taken it over. It stays the proxier's own if others take the mark away.
/// - *Doubtful*: it is own, but it could not be changed or deleted, or its address could not be bound. The next sync looks
///   at it again.
/// - *Unmade*: it is wanted, but could not be added, or belongs to somebody else. So it is not own. The next sync looks at it
///   again.
///
/// A sync that breaks off settles nothing. The one after it compares everything, whatever failures were noted.
struct SyncMemory: Hashable {
    typealias Identity = VirtualServer.Identity

    /// The *own* and the *doubtful* virtual servers.
    private(set) var own: Set<Identity> = []

    /// The *doubtful* and the *unmade* virtual servers: those that the next sync looks at again.
    private(set) var failed: Set<Identity> = []

    /// The *unmade* virtual servers.
    private(set) var unmade: Set<Identity> = []

    /// Addresses that nothing needs, but that are still bound.
    private(set) var leftAddresses: Set<IPAddress> = []

    /// What a take-over claims for as long as it is under way.
    private var claims: Claims?

    /// All virtual servers at some addresses, some others, and those at loopback addresses that have certain ports.
    private struct Claims: Hashable {
        let addresses: Set<IPAddress>
        let servers: Set<Identity>
        let loopbackPorts: Set<NodePort>
    }

    /// A node port of a protocol.
    struct NodePort: Hashable {
        let transport: TransportProtocol
        let port: UInt16
    }

    /// Whether a virtual server that has no mark is the proxier's own.
    func owns(_ id: Identity, at address: IPAddress) -> Bool {
        if own.contains(id) { return true }
        guard let claims else { return false }
        if claims.addresses.contains(address) || claims.servers.contains(id) { return true }
        guard address.isLoopback, case .endpoint(let transport, let endpoint) = id else { return false }
        return claims.loopbackPorts.contains(NodePort(transport: transport, port: endpoint.port))
    }
}

// MARK: - Transitions in a sync

extension SyncMemory {
    /// Forgets the failures of the sync before: each virtual server gets another chance.
    mutating func begin() { (failed, unmade, leftAddresses) = ([], [], []) }

    /// Notes that a virtual server is not what it should be.
    ///
    /// - Returns: Whether it is the first failure of this virtual server in this sync.
    mutating func fail(_ id: Identity) -> Bool { failed.insert(id).inserted }

    /// Notes that virtual servers, which have failed, are not there or are somebody else's.
    mutating func failToMake(_ ids: some Sequence<Identity>) { unmade.formUnion(ids) }

    /// Notes that addresses are still bound, although nothing needs them.
    mutating func leave(_ addresses: some Sequence<IPAddress>) { leftAddresses.formUnion(addresses) }

    /// Settles virtual servers at the end of a sync that has looked at nothing else.
    mutating func settle(_ ids: some Sequence<Identity>, in desired: Table) {
        for id in ids {
            let isOwn = desired[id] == nil ? failed.contains(id) && own.contains(id) : !unmade.contains(id)
            if isOwn { own.insert(id) } else { own.remove(id) }
        }
    }

    /// Settles all virtual servers at the end of a sync that has compared everything.
    mutating func settleAll(in desired: Table) {
        var settled = desired.ids
        if !failed.isEmpty {
            // What could not be deleted is still own.
            settled.formUnion(own.intersection(failed))
            settled.subtract(unmade)
        }
        own = settled
    }

    /// Forgets everything, as a new process has it.
    mutating func forgetAll() { self = SyncMemory() }
}

// MARK: - Take-overs

extension SyncMemory {
    /// Begins a take-over: all virtual servers at some addresses, some others, and those for node ports at loopback addresses
    /// are own even without the mark.
    mutating func claim(at addresses: Set<IPAddress>, and servers: Set<Identity>, loopbackPorts: Set<NodePort>) {
        claims = Claims(addresses: addresses, servers: servers, loopbackPorts: loopbackPorts)
    }

    /// Ends a take-over: from now on, the mark tells what is own.
    mutating func endClaims() { claims = nil }
}

extension IPAddress {
    fileprivate var isLoopback: Bool {
        switch family {
        case .ipv4: high >> 56 == 127
        case .ipv6: high == 0 && low == 1
        }
    }
}
