import CIPVS
import Glibc
public import IPVS

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
/// nobody wants.
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

    private let connection: Lock<NetlinkConnection>

    /// How many answers can wait to be read.
    private let answerCapacity: Int

    /// The name of the interface that kube-proxy uses.
    public static let defaultInterface = "kube-ipvs0"

    /// A binder for the network namespace that the calling thread is in. It makes nothing yet.
    /// - Throws: ``AddressError`` with ``AddressError/Code/invalidName``.
    public convenience init(interface: String = defaultInterface) throws(AddressError) {
        try self.init(interface: interface, opening: nil)
    }

    /// A binder for another network namespace; no thread of the caller's enters it.
    /// - Throws: ``AddressError`` with ``AddressError/Code/namespaceNotFound``, with
    ///   ``AddressError/Code/permissionDenied`` without `CAP_SYS_ADMIN`, and as ``init(interface:)`` does.
    public convenience init(
        interface: String = defaultInterface,
        namespace: NetworkNamespace
    ) throws(AddressError) {
        try self.init(interface: interface, opening: namespace)
    }

    private convenience init(interface: String, opening namespace: NetworkNamespace?) throws(AddressError) {
        let socket: NetlinkSocket
        do throws(SystemError) {
            socket =
                if let namespace { try NetlinkSocket(in: namespace, protocol: NETLINK_ROUTE) } else {
                    try NetlinkSocket(protocol: NETLINK_ROUTE)
                }
        } catch {
            throw AddressError(opening: namespace, error)
        }
        socket.askForStrictLists()
        try self.init(interface: interface, channel: socket)
    }

    init(interface: String = defaultInterface, channel: any Channel) throws(AddressError) {
        connection = Lock(NetlinkConnection(channel))
        answerCapacity = channel.answerCapacity
        self.interface = interface
        guard Self.isValid(interface) else {
            throw AddressError(.invalidName, .findInterface("\"\(interface)\""))
        }
    }

    /// The kernel's own rule, and no NUL.
    private static func isValid(_ name: String) -> Bool {
        (1..<Int(IFNAMSIZ)).contains(name.utf8.count) && name != "." && name != ".."
            && !name.utf8.contains { [0x00, 0x20, 0x2f, 0x3a].contains($0) || (0x09...0x0d).contains($0) }
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

    /// The addresses that are bound to the interface, by whomever; none if there is no interface.
    /// - Throws: ``AddressError`` with ``AddressError/Code/notADummy`` where the interface is somebody else's.
    public func addresses() throws(AddressError) -> Set<IPAddress> {
        guard let link = try findDummy(for: .listAddresses) else { return [] }
        return Set(try list(link.index).lazy.filter { $0.interface == link.index && $0.isSingle }.map(\.address))
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
            let link = try ensureDummy()
            if link.isNew { outcome.madeInterface = true }
            let errors = try perform(.bind, requested, link.index)
            let others = errors.filter { $0.value.errno != EEXIST }
            // Those that were bound before it went have gone with it.
            if others.values.contains(where: { $0.errno == ENODEV }) { continue }
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
        let errors = try perform(.unbind, requested, link.index)
        outcome.changed = requested.count - errors.count
        // The last is what the kernel says where an interface has no IPv6.
        outcome.failures = errors.filter { ![EADDRNOTAVAIL, ENODEV, ENXIO].contains($0.value.errno) }
        return outcome
    }
}

extension AddressBinder {
    /// How often something is begun anew that others keep from coming to an end.
    static let attempts = 10

    /// Binds or unbinds addresses, and returns those for which the kernel did not, with what it said.
    private func perform(
        _ kind: AddressRequest.Kind,
        _ addresses: [IPAddress],
        _ link: Int32
    ) throws(AddressError) -> [IPAddress: AddressError] {
        var errors: [IPAddress: AddressError] = [:]
        var buffer = RequestBuffer()
        var begin = addresses.startIndex
        while begin < addresses.endIndex {
            var end = begin
            buffer.removeAll()
            while end < addresses.endIndex, end - begin < answerCapacity,
                buffer.append(AddressRequest(kind: kind, address: addresses[end], interface: link))
            {
                end += 1
            }
            // An empty buffer has room for one, unless libnl has no memory for it.
            guard end > begin else {
                throw AddressError(operation(kind, addresses[begin]), NetlinkConnection.Failure.outOfMemory)
            }
            do throws(NetlinkConnection.Failure) {
                let failures = try connection.withLock { (connection) throws(NetlinkConnection.Failure) in
                    try connection.perform(&buffer)
                }
                for failure in failures {
                    let address = addresses[begin + failure.place]
                    errors[address] = AddressError(operation(kind, address), failure.reason)
                }
            } catch {
                guard begin > addresses.startIndex else { throw AddressError(operation(kind, addresses[begin]), error) }
                for address in addresses[begin...] { errors[address] = AddressError(operation(kind, address), error) }
                return errors
            }
            // Who may not change one address may change none.
            if let error = errors[addresses[begin]], error.code == .permissionDenied { throw error }
            begin = end
        }
        return errors
    }

    private func operation(_ kind: AddressRequest.Kind, _ address: IPAddress) -> AddressError.Operation {
        switch kind {
        case .bind: .bind(address, interface)
        case .unbind: .unbind(address, interface)
        }
    }

    /// Lists the addresses of the interface of an index, or of all; older kernels list all in any case.
    func list(_ index: Int32? = nil) throws(AddressError) -> [InterfaceAddress] {
        do throws(AddressError) {
            return try list(.readAddresses(index)) { (bytes) throws(MalformedReply) in
                try InterfaceAddress(decoding: bytes)
            }
        } catch {
            // The interface has gone since.
            guard error.errno == ENODEV else { throw error }
            return []
        }
    }

    /// Makes a request for a list, anew where others change meanwhile what it lists.
    func list<Entry>(
        _ request: RouteRequest,
        _ decode: (RawSpan) throws(MalformedReply) -> Entry?
    ) throws(AddressError) -> [Entry] {
        var interrupted: AddressError?
        for _ in 1...Self.attempts {
            do throws(AddressError) {
                return try ask(request, .listAddresses, [Entry]()) { (entries, bytes) throws(MalformedReply) in
                    if let entry = try decode(bytes) { entries.append(entry) }
                }
            } catch {
                guard error.code == .addressesChanging else { throw error }
                interrupted = error
            }
        }
        throw interrupted ?? AddressError(.addressesChanging, .listAddresses)
    }

    /// Makes a request and folds the messages of its reply into a result.
    func ask<Result>(
        _ request: RouteRequest,
        _ operation: AddressError.Operation,
        _ initial: @autoclosure () -> Result,
        _ fold: (inout Result, RawSpan) throws(MalformedReply) -> Void
    ) throws(AddressError) -> Result {
        let format = NetlinkConnection.ReplyFormat(type: request.replyType, headerLength: 0)
        do throws(NetlinkConnection.Failure) {
            return try connection.withLock { (connection) throws(NetlinkConnection.Failure) in
                try connection.perform(request, isRead: request.isRead, format, initial, fold)
            }
        } catch {
            throw AddressError(operation, error)
        }
    }
}

extension IPAddress {
    fileprivate var isSingleHost: Bool { !isUnspecified && !isMulticast && !isLimitedBroadcast }
}
