import IPVS
import Netlink

extension AddressBinder {
    /// How often something is begun anew that others keep from coming to an end.
    static let attempts = 10

    /// Binds or unbinds addresses, and returns those for which the kernel did not, with what it said.
    ///
    /// - Throws: What keeps it from a beginning, unless it goes on with what was begun before.
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
                // An empty buffer has room for one, unless libnl has no memory for it.
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

    /// The addresses of either family to which binders have made routes over an interface.
    func routedAddresses(_ link: Link) throws(AddressError) -> Set<IPAddress> {
        var found: Set<IPAddress> = []
        for family in [IPAddress.Family.ipv4, .ipv6] {
            for route in try routes(family, link.index) where route.interface == link.index {
                found.insert(route.address)
            }
        }
        return found
    }

    /// Lists the routes of binders to addresses of a family, over the interface of an index; older kernels list those over
    /// all interfaces.
    private func routes(_ family: IPAddress.Family, _ index: Int32) throws(AddressError) -> [LocalRoute] {
        do throws(AddressError) {
            return try list(.readLocalRoutes(family, index)) { (bytes) throws(MalformedReply) in
                try LocalRoute(decoding: bytes)
            }
        } catch {
            // The interface has gone since, or there is no route to any address that is the kernel's own.
            guard error.errno == ENODEV || error.errno == ENOENT else { throw error }
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
                try connection.exchange(request, isRead: request.isRead, format, initial, fold)
            }
        } catch {
            throw AddressError(operation, error)
        }
    }
}
