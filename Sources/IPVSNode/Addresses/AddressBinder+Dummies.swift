import IPVS
import Netlink

extension AddressBinder {
    /// A dummy interface of the binder's network namespace.
    package struct Dummy: Hashable, Sendable {
        /// The name of the interface.
        package let name: String

        /// Its alias; empty if it has none.
        package let alias: String
    }

    /// All dummy interfaces of the network namespace, the binder's own included, in no particular order.
    ///
    /// - Throws: ``AddressError``.
    package func dummies() throws(AddressError) -> [Dummy] {
        try list(.readDummies) { (bytes) throws(MalformedReply) in
            let link = try Link(decoding: bytes)
            guard link.kind == Link.dummyKind else { return nil }
            return Dummy(name: link.name, alias: link.alias ?? "")
        }
    }
}
