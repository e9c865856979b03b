package import IPVS
package import IPVSNode
import Netlink

extension NodeSync {
    /// What a sync reads and writes: the parts of one node.
    package struct Kernel {
        let table: Handle
        let binder: AddressBinder
        let sysctls: Sysctls

        /// The packet rules; nil if the proxier has none.
        var packetFilter: (any PacketFilter)?

        /// The connections that the kernel tracks; nil if none are looked at.
        var tracking: (any TrackedConnections)?

        /// The network namespace that all of these belong to, if the configuration names one.
        var namespace: NodeNamespace?

        /// Where the lock on the interface is; nil if nothing has to be locked.
        var lockSpace: (any LockSpace)?

        /// A node of parts that are open already, which tracks no connections.
        package init(
            table: Handle,
            binder: AddressBinder,
            sysctls: Sysctls,
            packetFilter: (any PacketFilter)? = nil,
            lockSpace: (any LockSpace)? = nil
        ) {
            self.table = table
            self.binder = binder
            self.sysctls = sysctls
            self.packetFilter = packetFilter
            self.lockSpace = lockSpace
        }
    }
}

extension NodeSync.Kernel {
    /// Opens the node that a configuration names. Its namespace is looked up once, so that all parts belong to the same node
    /// even if the name is given to another one meanwhile.
    ///
    /// - Throws: `IPVSError`, `AddressError` and `ConnectionTrackingError`.
    init(_ configuration: Proxier.Configuration, _ packetFilter: (any PacketFilter)?) throws {
        self.packetFilter = packetFilter
        guard let name = configuration.namespace else {
            table = try Handle()
            binder = try AddressBinder(interface: configuration.interface, method: configuration.bindingMethod)
            sysctls = Sysctls()
            tracking = try ConnectionTracking()
            // Without /proc it can't be held open, and is that of the thread that takes the lock.
            lockSpace = NamespaceLockSpace(namespace: try? HeldNamespace(path: nil))
            return
        }
        let held = try name.hold()
        table = try Handle(held, named: name)
        binder = try AddressBinder(
            interface: configuration.interface,
            method: configuration.bindingMethod,
            held,
            named: name
        )
        sysctls = Sysctls(files: KernelSysctlFiles(held, named: name))
        tracking = try ConnectionTracking(held, named: name)
        namespace = NodeNamespace(held, named: name)
        lockSpace = NamespaceLockSpace(namespace: held)
    }
}
