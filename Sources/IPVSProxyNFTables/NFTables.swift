import CNetfilter
public import IPVS
public import IPVSNode
public import IPVSProxy
package import Netlink
import VisibleText

/// The packet rules of a proxier in nftables.
///
/// They are one table of the family `inet`, which is named after the proxier's interface: `swift-ipvs-kube-ipvs0`. No other
/// table is changed. They are written by libnftables, the library that `nft` stands on, and read by netlink.
///
///     let filter = try NFTables()
///     try filter.check(PacketRules.Options())
///
/// libnftables ends the process where it has no memory, and nothing can be done about that.
public final class NFTables: Sendable {
    /// The name of the table.
    public let table: String

    let reader: RulesetReader
    let library: Library
    let state = Lock(State())
    private let interface: String

    /// What is known about the table.
    struct State {
        /// The number of the last transaction when it was last read or written; nil if others may have changed it since.
        var generation: UInt32?

        /// The chains that are known to be as they were written, and how that was.
        var chains: [String: WrittenChain] = [:]

        /// The marks in the table. More than one is wrong.
        var marks: [String] = []

        /// The memory for scripts.
        var script: Script?
    }

    /// Opens the packet filter of a network namespace. It changes nothing, and does not check whether the kernel can have such
    /// rules.
    ///
    /// - Parameters:
    ///   - interface: The name of the proxier's interface.
    ///   - namespace: The network namespace; nil for that of the calling thread.
    /// - Throws: `PacketFilterError`: `namespaceNotFound`, `permissionDenied` without `CAP_SYS_ADMIN` for another namespace, or
    ///   `unavailable` if the kernel has no packet filter.
    public convenience init(
        interface: String = AddressBinder.defaultInterface,
        namespace: NetworkNamespace? = nil
    ) throws(PacketFilterError) {
        let held: HeldNamespace?
        do throws(SystemError) {
            held = try HeldNamespace(path: namespace?.path)
        } catch {
            // Without /proc, the namespace is that of the threads that use it.
            guard namespace == nil else { throw PacketFilterError(opening: namespace?.path, error) }
            held = nil
        }
        try self.init(interface: interface, held, named: namespace)
    }

    /// Opens the packet filter of a network namespace that is held open already.
    ///
    /// - Parameters:
    ///   - interface: The name of the proxier's interface.
    ///   - held: The namespace; nil if it can't be held open and is that of the calling thread.
    ///   - namespace: The name by which it was opened, for errors; nil if it is the calling thread's.
    /// - Throws: `PacketFilterError`.
    package init(
        interface: String,
        _ held: HeldNamespace?,
        named namespace: NetworkNamespace?
    ) throws(PacketFilterError) {
        do throws(SystemError) {
            if namespace != nil, let held {
                reader = RulesetReader(try NetlinkSocket(in: held, protocol: NETLINK_NETFILTER))
            } else {
                reader = RulesetReader(try NetlinkSocket(protocol: NETLINK_NETFILTER))
            }
        } catch {
            throw PacketFilterError(opening: namespace?.path, error)
        }
        library = Library(namespace: held)
        self.interface = interface
        table = Names.table(of: interface)
    }

    /// The comment of the table, where nft has no escape for quotes.
    var comment: String {
        let name = String(interface.visible(upTo: 20).map { $0 == "\"" ? "'" : $0 })
        return "packet rules for the services on \(name); swift-ipvs makes and removes them"
    }
}
