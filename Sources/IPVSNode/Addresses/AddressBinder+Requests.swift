import IPVS
import Netlink

extension AddressBinder {
    /// The number of attempts for operations that other programs interfere with.
    static let attempts = 10

    /// Binds or unbinds addresses, and returns the errors of those that failed.
    ///
    /// - Throws: ``AddressError`` if nothing could be sent, unless an earlier call has begun the operation.
    func send(
        _ kind: AddressRequest.Kind,
        by method: Method,
        _ addresses: [IPAddress],
        _ link: Int32,
        isBegun: Bool = false
    ) throws(AddressError) -> [IPAddress: AddressError] {
        var errors: [IPAddress: AddressError] = [:]
        var buffer = RequestBuffer()
        var begin = addresses.startIndex
        while begin < addresses.endIndex {
            var end = begin
            buffer.removeAll()
            while end < addresses.endIndex, end - begin < answerCapacity,
                buffer.append(AddressRequest(kind: kind, method: method, address: addresses[end], interface: link))
            {
                end += 1
            }
            do throws(NetlinkConnection.Failure) {
                // A request always fits into an empty buffer, unless libnl has no memory for it.
                guard end > begin else { throw .outOfMemory }
                let failures = try connection.withLock { (connection) throws(NetlinkConnection.Failure) in
                    try connection.sendBatch(&buffer)
                }
                for failure in failures {
                    let address = addresses[begin + failure.place]
                    errors[address] = AddressError(operation(kind, address), failure.reason)
                }
            } catch {
                guard isBegun || begin > addresses.startIndex else {
                    throw AddressError(operation(kind, addresses[begin]), error)
                }
                for address in addresses[begin...] { errors[address] = AddressError(operation(kind, address), error) }
                return errors
            }
            // Without the permission for one address, all others would fail too.
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

    /// Dumps the addresses of an interface, or of all interfaces. Older kernels always dump all.
    func list(_ index: Int32? = nil) throws(AddressError) -> [InterfaceAddress] {
        do throws(AddressError) {
            return try list(.readAddresses(index)) { (bytes) throws(MalformedReply) in
                try InterfaceAddress(decoding: bytes)
            }
        } catch {
            // The interface was removed.
            guard error.errno == ENODEV else { throw error }
            return []
        }
    }

    /// The addresses of both families to which binders have added routes over an interface.
    func routedAddresses(_ link: Link) throws(AddressError) -> Set<IPAddress> {
        try routedAddresses(.ipv4, link).union(try routedAddresses(.ipv6, link))
    }

    /// The addresses of a family to which binders have added routes over an interface.
    func routedAddresses(_ family: IPAddress.Family, _ link: Link) throws(AddressError) -> Set<IPAddress> {
        Set(try routes(family, link.index).lazy.filter { $0.interface == link.index }.map(\.address))
    }

    /// Dumps the routes of binders to addresses of a family over an interface. Older kernels dump those over all
    /// interfaces.
    private func routes(_ family: IPAddress.Family, _ index: Int32) throws(AddressError) -> [LocalRoute] {
        do throws(AddressError) {
            return try list(.readLocalRoutes(family, index)) { (bytes) throws(MalformedReply) in
                try LocalRoute(decoding: bytes)
            }
        } catch {
            // The interface was removed, or there is no local route at all.
            guard error.errno == ENODEV || error.errno == ENOENT else { throw error }
            return []
        }
    }

    /// Makes a request for a dump, and repeats it if other programs change the dumped data in between.
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
                try connection.exchange(request, isRead: request.isRead, format, initial, fold)
            }
        } catch {
            throw AddressError(operation, error)
        }
    }
}
