import IPVS
public import IPVSNode
public import IPVSProxy
import IPVSTesting
public import Logging
public import Metrics
import Netlink

extension Proxier {
    /// Opens a node in memory, with packet rules: those that ``InMemoryNode/packetRules`` shows.
    ///
    /// - Parameters:
    ///   - configuration: The configuration. Its network namespace does not matter.
    ///   - node: The node. The proxier keeps it alive.
    ///   - logger: The logger for changes and failures.
    ///   - metrics: The factory of the metrics.
    /// - Throws: `AddressError` where no interface can have the name.
    public init(
        _ configuration: Configuration = Configuration(),
        testing node: InMemoryNode,
        logger: Logger = Logger(label: "IPVSProxy"),
        metrics: any MetricsFactory = MetricsSystem.factory
    ) throws {
        try self.init(
            configuration,
            testing: node,
            packetFilter: InMemoryPacketFilter(node),
            logger: logger,
            metrics: metrics
        )
    }

    /// Opens a node in memory, with packet rules of one's own or none, as a second proxier on a node needs them.
    ///
    /// - Parameters:
    ///   - configuration: The configuration. Its network namespace does not matter.
    ///   - node: The node. The proxier keeps it alive.
    ///   - packetFilter: The packet rules; nil for none.
    ///   - logger: The logger for changes and failures.
    ///   - metrics: The factory of the metrics.
    /// - Throws: `AddressError` where no interface can have the name.
    public init(
        _ configuration: Configuration = Configuration(),
        testing node: InMemoryNode,
        packetFilter: (any PacketFilter)?,
        logger: Logger = Logger(label: "IPVSProxy"),
        metrics: any MetricsFactory = MetricsSystem.factory
    ) throws {
        let kernel = NodeSync.Kernel(
            table: try Handle(testing: node.kernel),
            binder: try AddressBinder(
                interface: configuration.interface,
                method: configuration.bindingMethod,
                testing: node
            ),
            sysctls: Sysctls(testing: node),
            packetFilter: packetFilter,
            lockSpace: node.locks
        )
        self.init(configuration, kernel, logger: logger, metrics: metrics) { node.now }
    }
}

extension AddressBinder {
    /// Opens the interfaces of a node in memory.
    ///
    /// - Parameters:
    ///   - interface: The name of the dummy interface.
    ///   - method: How addresses are bound.
    ///   - node: The node. The binder keeps it alive.
    /// - Throws: `AddressError` with `invalidName`.
    public convenience init(
        interface: String = defaultInterface,
        method: Method = .addresses,
        testing node: InMemoryNode
    ) throws(AddressError) {
        try self.init(interface: interface, method: method, channel: node.openSocket())
    }
}

extension Sysctls {
    /// Opens the kernel settings of a node in memory.
    ///
    /// - Parameter node: The node, which is kept alive.
    public init(testing node: InMemoryNode) { self.init(files: NodeFiles(node: node)) }
}

extension InMemoryNode {
    /// Opens a socket of rtnetlink, with a port of its own.
    fileprivate func openSocket() -> KernelSocket {
        let count = state.withLock { state in
            state.sockets += 1
            return state.sockets
        }
        return KernelSocket(port: 0x7100_0000 + count) { sent, port in
            let messages = ReceivedMessage.split(sent)
            return self.state.withLock { state in messages.flatMap { state.receive($0, from: port) } }
        }
    }
}
