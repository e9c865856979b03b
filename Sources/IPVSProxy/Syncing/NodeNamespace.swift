import IPVS
import IPVSNode
import Netlink

/// The network namespace that a node is known by, which can lose its name to another one: then the sockets that were opened
/// by the name still serve a node that nobody means.
struct NodeNamespace {
    private let namespace: NetworkNamespace
    private let held: HeldNamespace

    init(_ namespace: NetworkNamespace) throws(AddressError) {
        self.namespace = namespace
        do throws(SystemError) {
            held = try HeldNamespace(path: namespace.path)
        } catch {
            throw AddressError(.open, opening: namespace.path, error)
        }
    }

    /// Makes sure that no other namespace has got the name. If none has it, the node can still be there, for those in it.
    /// - Throws: `AddressError`.
    func verify() throws(AddressError) {
        guard held.isAnother(behind: namespace.path) else { return }
        let detail = "\(namespace.path) is another network namespace than it was at the start"
        throw AddressError(.namespaceNotFound, .listAddresses, detail: detail)
    }
}
