import IPVS
import IPVSNode
import Netlink

/// The network namespace of a node, with the name by which it was opened.
///
/// The name can be given to another namespace later. The sockets that were opened before still belong to the old one, which
/// nobody means any more.
struct NodeNamespace {
    private let name: NetworkNamespace
    private let held: HeldNamespace

    init(_ held: HeldNamespace, named name: NetworkNamespace) { (self.name, self.held) = (name, held) }

    /// Checks that the name is not another namespace's. If it is nobody's, the node can still be in use by those in it.
    ///
    /// - Throws: `AddressError` with `namespaceNotFound`.
    func verify() throws(AddressError) {
        guard held.isAnother(behind: name.path) else { return }
        let detail = "\(name.path) is another network namespace than it was at the start"
        throw AddressError(.namespaceNotFound, .listAddresses, detail: detail)
    }
}
