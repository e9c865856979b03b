import CRTNetlink
public import IPVS
import Netlink

/// Binds addresses to a dummy interface of its own, so that the kernel takes what is sent to them for its own: only then
/// do packets reach IPVS.
///
///     let binder = try AddressBinder()
///     let bound = try binder.addresses()
///     let outcome = try binder.bind(wanted.subtracting(bound))
///
/// IPv4 addresses are bound as a /32 and IPv6 addresses as a /128, without duplicate address detection and without a
/// route: they work at once. The interface needs not be up, and this leaves it down: the kernel knows the addresses of
/// either family as its own all the same, while an interface that is up would get a link-local address and routes that
/// nobody wants. Where there are thousands of addresses, routes do the same in much less time; see ``Method``.
///
/// Interface and addresses outlive the process. What the kernel knows is never remembered: each call asks it, so that
/// others may change the same interface meanwhile, or remove it. That something is there already, or gone already, is
/// never an error.
///
/// A binder can be used from any number of threads and tasks. Its calls don't suspend; each takes the kernel's time for
/// its work, some microseconds for an address. Changes take `CAP_NET_ADMIN` in the namespace; reading takes nothing.
public final class AddressBinder: Sendable {
    /// The name of the interface.
    public let interface: String

    /// How addresses are bound.
    public let method: Method

    let connection: Lock<NetlinkConnection>

    /// How many answers can wait to be read.
    let answerCapacity: Int

    /// The name of the interface that kube-proxy uses.
    public static let defaultInterface = "kube-ipvs0"

    /// How the kernel is made to take what is sent to an address for its own.
    ///
    /// What was bound by one method counts as bound for the other too, and is unbound by either.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        /// As an address of the interface, which is how kube-proxy does it: `ip address show dev kube-ipvs0` lists them
        /// (`RTM_NEWADDR`).
        ///
        /// The kernel walks all addresses of an interface for each that comes or goes, so ten thousand take more than ten
        /// times as long as a thousand.
        case addresses

        /// By a local route over the interface: `ip route show table local dev kube-ipvs0` lists them (`RTM_NEWROUTE` with
        /// `RTN_LOCAL`).
        ///
        /// Each takes the same few microseconds, however many there are; thousands take many times less than addresses, above
        /// all to unbind IPv6 ones. And programs that ask for the addresses of the node don't get thousands.
        ///
        /// For IPv6 the kernel wants the interface to be up, so it is set up for the first of those.
        case routes
    }

    /// A binder for the network namespace that the calling thread is in. It makes nothing yet.
    /// - Throws: ``AddressError`` with ``AddressError/Code/invalidName``.
    public convenience init(
        interface: String = defaultInterface,
        method: Method = .addresses
    ) throws(AddressError) {
        try self.init(interface: interface, method, opening: nil)
    }

    /// A binder for another network namespace; no thread of the caller's enters it.
    /// - Throws: ``AddressError`` with ``AddressError/Code/namespaceNotFound``, with
    ///   ``AddressError/Code/permissionDenied`` without `CAP_SYS_ADMIN`, and as ``init(interface:method:)`` does.
    public convenience init(
        interface: String = defaultInterface,
        method: Method = .addresses,
        namespace: NetworkNamespace
    ) throws(AddressError) {
        try self.init(interface: interface, method, opening: namespace)
    }

    private convenience init(
        interface: String,
        _ method: Method,
        opening namespace: NetworkNamespace?
    ) throws(AddressError) {
        let socket: NetlinkSocket
        do throws(SystemError) {
            socket =
                if let namespace {
                    try NetlinkSocket(in: HeldNamespace(path: namespace.path), protocol: NETLINK_ROUTE)
                } else {
                    try NetlinkSocket(protocol: NETLINK_ROUTE)
                }
        } catch {
            throw AddressError(.open, opening: namespace?.path, error)
        }
        // To list no more than what a request wants, as kernels do since 4.20.
        socket.enable(NETLINK_GET_STRICT_CHK)
        try self.init(interface: interface, method: method, channel: socket)
    }

    init(
        interface: String = defaultInterface,
        method: Method = .addresses,
        channel: any Channel
    ) throws(AddressError) {
        connection = Lock(NetlinkConnection(channel))
        answerCapacity = channel.answerCapacity
        self.interface = interface
        self.method = method
        guard Self.isValid(interface) else {
            throw AddressError(.invalidName, .findInterface("\"\(interface)\""))
        }
    }

    /// The kernel's own rule, no NUL, and no percent sign, which the kernel would replace by a number.
    private static func isValid(_ name: String) -> Bool {
        (1..<Int(IFNAMSIZ)).contains(name.utf8.count) && name != "." && name != ".."
            && !name.utf8.contains { [0x00, 0x20, 0x25, 0x2f, 0x3a].contains($0) || (0x09...0x0d).contains($0) }
    }

    /// Closes the binder, after a call that is under way on another thread; interface and addresses stay. Later calls throw
    /// ``AddressError/Code/binderClosed``. A binder that nobody refers to closes by itself.
    public func close() { connection.withLock { $0.close() } }
}

extension AddressBinder {
    /// What became of addresses that were to be bound or unbound.
    public struct Outcome: Hashable, Sendable {
        /// How many were not as they should be before, and are now.
        public internal(set) var changed = 0

        /// Those that are not as they should be; and with ``AddressError/Code/answerLost`` those that may not be.
        public internal(set) var failures: [IPAddress: AddressError] = [:]

        /// Whether the interface was not there and had to be made: then others have removed it, or this is the beginning,
        /// and it has no address but those of this call.
        public internal(set) var madeInterface = false
    }

    /// The addresses that are bound to the interface, by whomever, and those that a binder has made routes to; none if there
    /// is no interface.
    /// - Throws: ``AddressError`` with ``AddressError/Code/notADummy`` where the interface is somebody else's.
    public func addresses() throws(AddressError) -> Set<IPAddress> {
        guard let link = try findDummy(for: .listAddresses) else { return [] }
        let found = Set(try list(link.index).lazy.filter { $0.interface == link.index && $0.isSingle }.map(\.address))
        let routed = try routedAddresses(link)
        return routed.isEmpty ? found : found.union(routed)
    }

    /// Binds addresses, hundreds with one system call; makes the interface first if it is not there.
    ///
    /// One that fails does not keep the others from being bound. It costs the kernel more to say that an address was there
    /// already than to bind it: where that is many, ask for ``addresses()`` first.
    /// - Throws: ``AddressError`` only if nothing was begun: with ``AddressError/Code/permissionDenied``,
    ///   ``AddressError/Code/notADummy`` or ``AddressError/Code/dummyNotSupported``.
    public func bind(_ addresses: some Sequence<IPAddress>) throws(AddressError) -> Outcome {
        var wanted = Set(addresses)
        var outcome = Outcome()
        for address in wanted where !address.isSingleHost {
            outcome.failures[address] = AddressError(.invalidAddress, .bind(address, interface))
            wanted.remove(address)
        }
        guard !wanted.isEmpty else { return outcome }
        let requested = wanted.sorted()
        for _ in 1...Self.attempts {
            let (link, isNew) = try ensureDummy()
            if isNew { outcome.madeInterface = true }
            if method == .routes, requested.contains(where: { $0.family == .ipv6 }) { try setUp(link) }
            let errors = try send(.bind, by: method, requested, link.index)
            let others = errors.filter { $0.value.errno != EEXIST }
            // Those that were bound before it went, or was set down, have gone with it.
            if others.values.contains(where: { $0.errno == ENODEV || $0.errno == ENETDOWN }) { continue }
            outcome.changed = requested.count - errors.count
            outcome.failures.merge(others) { $1 }
            return outcome
        }
        for address in requested {
            outcome.failures[address] = AddressError(.interfaceChanging, .bind(address, interface), errno: ENODEV)
        }
        return outcome
    }

    /// Unbinds addresses, hundreds with one system call. The interface stays, even without an address.
    ///
    /// The kernel takes some time for it, of IPv6 about a millisecond for each where there are thousands; to be rid of all
    /// of them, ``removeInterface()`` is many times faster.
    /// - Throws: ``AddressError`` only if nothing was begun: with ``AddressError/Code/permissionDenied`` or
    ///   ``AddressError/Code/notADummy``.
    public func unbind(_ addresses: some Sequence<IPAddress>) throws(AddressError) -> Outcome {
        let requested = Set(addresses).sorted()
        var outcome = Outcome()
        guard let first = requested.first, let link = try findDummy(for: .unbind(first, interface)) else {
            return outcome
        }
        let errors = try send(.unbind, by: method, requested, link.index)
        // What is not bound by this method may be by the other one, and so may what is.
        let errorsOfOther = try send(.unbind, by: method.other, requested, link.index, isBegun: true)
        for address in requested {
            let both = [errors[address], errorsOfOther[address]].compactMap(\.self)
            if let failure = both.first(where: { !$0.saysAbsent }) {
                outcome.failures[address] = failure
            } else if both.count < 2 {
                outcome.changed += 1
            }
        }
        return outcome
    }
}

extension AddressBinder.Method {
    fileprivate var other: Self { self == .addresses ? .routes : .addresses }
}

extension AddressError {
    /// Whether what was to be unbound was not bound. The last number is what the kernel says where an interface has no IPv6.
    fileprivate var saysAbsent: Bool { [EADDRNOTAVAIL, ESRCH, ENODEV, ENXIO].contains(errno) }
}

extension IPAddress {
    fileprivate var isSingleHost: Bool { !isUnspecified && !isMulticast && !isLimitedBroadcast }
}
