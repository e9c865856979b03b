package import IPVS
import Netlink

extension AddressBinder {
    /// Creates the interface if it doesn't exist (`RTM_NEWLINK`). ``bind(_:)`` does so too.
    /// - Returns: Whether it was created.
    /// - Throws: ``AddressError``, with ``AddressError/Code/notADummy`` if there is another kind of interface with the
    ///   name.
    @discardableResult
    public func makeInterface() throws(AddressError) -> Bool { try ensureDummy().isNew }

    /// The alias of the interface, which `ip link show` prints (`RTM_GETLINK`).
    /// - Returns: The alias, which is empty if the interface has none, or nil if there is no interface.
    /// - Throws: ``AddressError`` with ``AddressError/Code/notADummy`` if there is another kind of interface with the
    ///   name.
    public func alias() throws(AddressError) -> String? {
        try findDummy(for: .findInterface(interface)).map { $0.alias ?? "" }
    }

    /// Sets the alias of the interface, of up to 255 bytes (`RTM_SETLINK`). Creates the interface if it doesn't exist.
    /// - Returns: Whether it was created.
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

    /// Removes the interface with all of its addresses (`RTM_DELLINK`).
    /// - Returns: Whether it existed.
    /// - Throws: ``AddressError``, with ``AddressError/Code/notADummy`` if there is another kind of interface with the
    ///   name, which is not removed.
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

    /// Whether the interface has other addresses of any kind than some, or routes of a binder to other addresses.
    /// Link-local addresses, which the kernel adds to each interface that is up, don't count.
    package func hasAddresses(besides known: Set<IPAddress>) throws(AddressError) -> Bool {
        guard let link = try findDummy(for: .listAddresses) else { return false }
        guard try routedAddresses(link).isSubset(of: known) else { return true }
        return try list(link.index).contains { entry in
            entry.interface == link.index && !entry.isLinkLocal && !(entry.isSingle && known.contains(entry.address))
        }
    }

    /// Sets the interface up if it is down.
    func setUp(_ link: Link) throws(AddressError) {
        guard !link.isUp else { return }
        do throws(AddressError) {
            try ask(.setUp(link.index), .setUp(interface), ()) { (_, _) throws(MalformedReply) in }
        } catch {
            // The interface was removed, which the next request will report.
            guard error.errno == ENODEV else { throw error }
        }
    }

    /// The interface, which is created if it doesn't exist.
    func ensureDummy() throws(AddressError) -> (link: Link, isNew: Bool) {
        let operation = AddressError.Operation.makeInterface(interface)
        var isNew = false
        for _ in 1...Self.attempts {
            if let link = try findDummy(for: operation) { return (link, isNew) }
            do throws(AddressError) {
                try ask(.addDummy(interface), operation, ()) { (_, _) throws(MalformedReply) in }
                isNew = true
            } catch {
                // Another program has created it first.
                guard error.errno == EEXIST else { throw error }
            }
        }
        throw AddressError(.interfaceChanging, operation)
    }

    /// The interface, or nil if it doesn't exist. Throws an error of an operation if it is not a dummy interface.
    func findDummy(for operation: AddressError.Operation) throws(AddressError) -> Link? {
        guard let link = try findLink() else { return nil }
        guard link.kind == Link.dummyKind else { throw AddressError(.notADummy, operation) }
        return link
    }

    /// The interface with the binder's name, of any kind.
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
