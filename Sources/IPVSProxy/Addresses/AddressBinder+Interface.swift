import Glibc
import IPVS

extension AddressBinder {
    /// Makes the interface if it is not there. ``bind(_:)`` does so too.
    /// - Returns: Whether it had to be made.
    /// - Throws: ``AddressError``, with ``AddressError/Code/notADummy`` where an interface of the name is somebody else's.
    @discardableResult
    public func makeInterface() throws(AddressError) -> Bool { try ensureDummy().isNew }

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

    /// The interface, which is made if it is not there.
    func ensureDummy() throws(AddressError) -> (index: Int32, isNew: Bool) {
        let operation = AddressError.Operation.makeInterface(interface)
        var isNew = false
        for _ in 1...Self.attempts {
            if let link = try findDummy(for: operation) { return (link.index, isNew) }
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
