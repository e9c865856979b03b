package import IPVS
import Netlink

extension AddressBinder {
    /// Makes the interface if it is not there. ``bind(_:)`` does so too.
    /// - Returns: Whether it had to be made.
    /// - Throws: ``AddressError``, with ``AddressError/Code/notADummy`` where an interface of the name is somebody else's.
    @discardableResult
    public func makeInterface() throws(AddressError) -> Bool { try ensureDummy().isNew }

    /// The alias of the interface, which is a text that `ip link show` prints; empty if it has none, and nil if there is no
    /// interface.
    /// - Throws: ``AddressError`` with ``AddressError/Code/notADummy`` where the interface is somebody else's.
    public func alias() throws(AddressError) -> String? {
        try findDummy(for: .findInterface(interface)).map { $0.alias ?? "" }
    }

    /// Gives the interface an alias, of up to 255 bytes; makes it first if it is not there.
    /// - Returns: Whether it had to be made.
    /// - Throws: ``AddressError``.
    @discardableResult
    public func setAlias(_ text: String) throws(AddressError) -> Bool {
        let operation = AddressError.Operation.setAlias(interface)
        guard text.utf8.count < 256, !text.utf8.contains(0) else { throw AddressError(.invalidAlias, operation) }
        var isMade = false
        for _ in 1...Self.attempts {
            let (link, isNew) = try ensureDummy()
            if isNew { isMade = true }
            do throws(AddressError) {
                try ask(.setAlias(link.index, text), operation, ()) { (_, _) throws(MalformedReply) in }
                return isMade
            } catch {
                guard error.errno == ENODEV else { throw error }
            }
        }
        throw AddressError(.interfaceChanging, operation)
    }

    /// Removes the interface, and with it every address that is bound to it.
    /// - Returns: Whether it was there.
    /// - Throws: ``AddressError``, with ``AddressError/Code/notADummy`` where the interface is somebody else's; it stays.
    @discardableResult
    public func removeInterface() throws(AddressError) -> Bool {
        let operation = AddressError.Operation.removeInterface(interface)
        guard let link = try findDummy(for: operation) else { return false }
        do throws(AddressError) {
            try ask(.deleteLink(link.index), operation, ()) { (_, _) throws(MalformedReply) in }
            return true
        } catch {
            guard error.errno == ENODEV else { throw error }
            return false
        }
    }

    /// Whether the interface has addresses besides some, of whatever kind, or a binder's routes to others; the addresses that
    /// the kernel gives every interface which is up are none.
    package func hasAddresses(besides known: Set<IPAddress>) throws(AddressError) -> Bool {
        guard let link = try findDummy(for: .listAddresses) else { return false }
        guard try routedAddresses(link).isSubset(of: known) else { return true }
        return try list(link.index).contains { entry in
            entry.interface == link.index && !entry.isLinkLocal && !(entry.isSingle && known.contains(entry.address))
        }
    }

    /// Sets the interface up if it is not.
    func setUp(_ link: Link) throws(AddressError) {
        guard !link.isUp else { return }
        do throws(AddressError) {
            try ask(.setUp(link.index), .setUp(interface), ()) { (_, _) throws(MalformedReply) in }
        } catch {
            // It has gone since, which what comes next will tell.
            guard error.errno == ENODEV else { throw error }
        }
    }

    /// The interface, which is made if it is not there.
    func ensureDummy() throws(AddressError) -> (link: Link, isNew: Bool) {
        let operation = AddressError.Operation.makeInterface(interface)
        var isNew = false
        for _ in 1...Self.attempts {
            if let link = try findDummy(for: operation) { return (link, isNew) }
            do throws(AddressError) {
                try ask(.addDummy(interface), operation, ()) { (_, _) throws(MalformedReply) in }
                isNew = true
            } catch {
                // Another was faster.
                guard error.errno == EEXIST else { throw error }
            }
        }
        throw AddressError(.interfaceChanging, operation)
    }

    /// The interface if it is there; an error of an operation if it is not a dummy.
    func findDummy(for operation: AddressError.Operation) throws(AddressError) -> Link? {
        guard let link = try findLink() else { return nil }
        guard link.kind == Link.dummyKind else { throw AddressError(.notADummy, operation) }
        return link
    }

    /// The interface of the binder's name, of whatever kind it is.
    func findLink() throws(AddressError) -> Link? {
        do throws(AddressError) {
            return try ask(.readLink(interface), .findInterface(interface), nil as Link?) {
                (link, bytes) throws(MalformedReply) in link = try Link(decoding: bytes)
            }
        } catch {
            guard error.errno == ENODEV else { throw error }
            return nil
        }
    }
}
