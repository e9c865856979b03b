import CRTNetlink
public import IPVS
package import Netlink
import VisibleText

/// Binds addresses to a dummy interface, so that the host accepts packets for them. Only then do these packets reach
/// IPVS.
///
///     let binder = try AddressBinder()
///     let bound = try binder.addresses()
///     let outcome = try binder.bind(wanted.subtracting(bound))
///
/// IPv4 addresses are bound as /32 and IPv6 addresses as /128, without duplicate address detection and without a route,
/// so they work at once. The interface doesn't have to be up, and stays down: the host accepts packets anyway, and an
/// interface that is up would get an unwanted link-local address and routes. With thousands of addresses, routes are
/// much faster; see ``Method``.
///
/// The interface and its addresses outlive the process. A binder doesn't cache the kernel's state. Each call reads it,
/// so other programs may change the same interface, or remove it. Binding an address that is bound, or unbinding one
/// that is not, is not an error.
///
/// A binder can be used from any number of threads and tasks. Its calls block their thread, for some microseconds per
/// address, and take turns. Changes need `CAP_NET_ADMIN` in the user namespace of the network namespace. Reading needs
/// no privilege.
public final class AddressBinder: Sendable {
    /// The name of the interface.
    public let interface: String

    /// How addresses are bound.
    public let method: Method

    let connection: Lock<NetlinkConnection>

    /// The number of answers that the receive buffer can hold.
    let answerCapacity: Int

    /// The name of the interface that kube-proxy uses.
    public static let defaultInterface = "kube-ipvs0"

    /// How addresses are bound.
    ///
    /// An address that was bound by one method counts as bound for the other one too, and is unbound by either.
    public enum Method: String, Hashable, Sendable, CaseIterable {
        /// As an address of the interface, as kube-proxy does. `ip address show dev kube-ipvs0` lists them
        /// (`RTM_NEWADDR`).
        ///
        /// The kernel walks all addresses of an interface to add or remove one, so ten thousand take more than ten
        /// times as long as a thousand.
        case addresses

        /// By a local route over the interface. `ip route show table local dev kube-ipvs0` lists them (`RTM_NEWROUTE`
        /// with `RTN_LOCAL`).
        ///
        /// Each takes a few microseconds, however many there are. Thousands of them are many times faster than
        /// addresses, in particular to unbind IPv6 addresses. Programs that read the addresses of the node don't get
        /// thousands.
        ///
        /// For IPv6 the kernel requires the interface to be up, so it is set up for the first IPv6 address.
        case routes
    }

    /// Creates a binder for the calling thread's network namespace. It doesn't create the interface yet.
    /// - Throws: ``AddressError`` with ``AddressError/Code/invalidName``, or ``AddressError/Code/system`` if no socket
    ///   can be opened.
    public convenience init(
        interface: String = defaultInterface,
        method: Method = .addresses
    ) throws(AddressError) {
        try self.init(interface: interface, method) { () throws(SystemError) in
            try NetlinkSocket(protocol: NETLINK_ROUTE)
        }
    }

    /// Creates a binder for another network namespace, which the caller's threads don't enter.
    /// - Throws: ``AddressError`` with ``AddressError/Code/namespaceNotFound``, with
    ///   ``AddressError/Code/permissionDenied`` without `CAP_SYS_ADMIN`, and the errors of ``init(interface:method:)``.
    public convenience init(
        interface: String = defaultInterface,
        method: Method = .addresses,
        namespace: NetworkNamespace
    ) throws(AddressError) {
        try self.init(interface: interface, method, named: namespace) { () throws(SystemError) in
            try NetlinkSocket(in: HeldNamespace(path: namespace.path), protocol: NETLINK_ROUTE)
        }
    }

    /// Creates a binder for a network namespace that is held open already. Its name is for errors.
    package convenience init(
        interface: String,
        method: Method,
        _ held: HeldNamespace,
        named namespace: NetworkNamespace
    ) throws(AddressError) {
        try self.init(interface: interface, method, named: namespace) { () throws(SystemError) in
            try NetlinkSocket(in: held, protocol: NETLINK_ROUTE)
        }
    }

    private convenience init(
        interface: String,
        _ method: Method,
        named namespace: NetworkNamespace? = nil,
        openingSocket: () throws(SystemError) -> NetlinkSocket
    ) throws(AddressError) {
        let socket: NetlinkSocket
        do throws(SystemError) {
            socket = try openingSocket()
        } catch {
            throw AddressError(.open, opening: namespace?.path, error)
        }
        // Since 4.20, kernels then dump only what a request selects.
        socket.enable(NETLINK_GET_STRICT_CHK)
        try self.init(interface: interface, method: method, channel: socket)
    }

    /// A binder over a channel to a kernel.
    package init(
        interface: String = defaultInterface,
        method: Method = .addresses,
        channel: any Channel
    ) throws(AddressError) {
        connection = Lock(NetlinkConnection(channel))
        answerCapacity = channel.answerCapacity
        self.interface = interface
        self.method = method
        guard Self.isValid(interface) else {
            throw AddressError(.invalidName, .findInterface(interface.quoted))
        }
    }

    /// The kernel's rule, and no percent sign, which the kernel would replace with a number.
    private static func isValid(_ name: String) -> Bool {
        (1..<Int(IFNAMSIZ)).contains(name.utf8.count) && name != "." && name != ".."
            && !name.utf8.contains { [0x00, 0x20, 0x25, 0x2f, 0x3a].contains($0) || (0x09...0x0d).contains($0) }
    }

    /// Closes the binder. It waits for a call that is running on another thread. The interface and its addresses
    /// remain. Later calls throw ``AddressError/Code/binderClosed``. A binder is also closed when it is deallocated.
    public func close() { connection.withLock { $0.close() } }
}

extension AddressBinder {
    /// The result of binding or unbinding addresses.
    public struct Outcome: Hashable, Sendable {
        /// The number of addresses that were changed. Those that already were as requested don't count.
        public internal(set) var changed = 0

        /// The addresses that failed, with their errors. With ``AddressError/Code/answerLost``, the change may have
        /// been made.
        public internal(set) var failures: [IPAddress: AddressError] = [:]

        /// Whether the interface was created. If it existed earlier, another program has removed it with all of its
        /// addresses.
        public internal(set) var madeInterface = false
    }

    /// The addresses of the interface, whoever has bound them, and those to which a binder has added routes
    /// (`RTM_GETADDR`, `RTM_GETROUTE`).
    /// - Returns: The addresses; none if there is no interface.
    /// - Throws: ``AddressError`` with ``AddressError/Code/notADummy`` if there is another kind of interface with the
    ///   name.
    public func addresses() throws(AddressError) -> Set<IPAddress> {
        guard let link = try findDummy(for: .listAddresses) else { return [] }
        let found = Set(try list(link.index).lazy.filter { $0.interface == link.index && $0.isSingle }.map(\.address))
        let routed = try routedAddresses(link)
        return routed.isEmpty ? found : found.union(routed)
    }

    /// Binds addresses, hundreds with one system call (`RTM_NEWADDR` or `RTM_NEWROUTE`). Creates the interface if it
    /// doesn't exist.
    ///
    /// An address that fails doesn't stop the others. It takes the kernel longer to report that an address exists than
    /// to bind it. If many of them are bound already, call ``addresses()`` first.
    /// - Returns: The number of addresses that were bound, and the errors of those that failed.
    /// - Throws: ``AddressError`` only if nothing was changed: with ``AddressError/Code/permissionDenied``,
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
            // Addresses that were bound before the interface was removed or set down are gone too.
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

    /// Unbinds addresses, hundreds with one system call (`RTM_DELADDR`, `RTM_DELROUTE`). The interface remains, even
    /// without addresses.
    ///
    /// With thousands of IPv6 addresses, the kernel needs about a millisecond for each. To unbind all of them,
    /// ``removeInterface()`` is many times faster.
    ///
    /// With the last IPv4 address of an interface, Linux removes the IPv4 routes over it. Those of a binder are added again, so
    /// that for a moment packets to their addresses are not for this host.
    /// - Returns: The number of addresses that were unbound, and the errors of those that failed, among them those of routes
    ///   that could not be added again.
    /// - Throws: ``AddressError`` only if nothing was changed: with ``AddressError/Code/permissionDenied`` or
    ///   ``AddressError/Code/notADummy``.
    public func unbind(_ addresses: some Sequence<IPAddress>) throws(AddressError) -> Outcome {
        let all = Set(addresses)
        let requested = all.sorted()
        var outcome = Outcome()
        guard let first = requested.first, let link = try findDummy(for: .unbind(first, interface)) else {
            return outcome
        }
        let lost = try routesLost(with: all, link)
        let errors = try send(.unbind, by: method, requested, link.index)
        // Addresses can be bound by either method, or by both.
        let errorsOfOther = try send(.unbind, by: method.other, requested, link.index, isBegun: true)
        for address in requested {
            let both = [errors[address], errorsOfOther[address]].compactMap(\.self)
            if let failure = both.first(where: { !$0.saysAbsent }) {
                outcome.failures[address] = failure
            } else if both.count < 2 {
                outcome.changed += 1
            }
        }
        if !lost.isEmpty { outcome.failures.merge(restore(lost, link)) { $1 } }
        return outcome
    }
}

extension AddressBinder.Method {
    fileprivate var other: Self { self == .addresses ? .routes : .addresses }
}

extension AddressError {
    /// Whether the address was not bound. The kernel reports the last number if an interface has no IPv6.
    fileprivate var saysAbsent: Bool { [EADDRNOTAVAIL, ESRCH, ENODEV, ENXIO].contains(errno) }
}

extension IPAddress {
    fileprivate var isSingleHost: Bool { !isUnspecified && !isMulticast && !isLimitedBroadcast }
}
