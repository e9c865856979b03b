import IPVS
import IPVSNode
public import IPVSProxy
public import IPVSTesting
import Netlink

/// A node of a cluster in memory, for tests of control planes: a kernel with IPVS, network interfaces with their addresses,
/// kernel settings, and packet rules.
///
/// A `Proxier` that is opened on it does all that it does on a real node, with the same bytes to and from the kernel. Neither root
/// nor Linux' modules are needed.
///
///     let node = InMemoryNode()
///     let proxier = try Proxier(testing: node)
///     await proxier.onServiceAdd(web)
///     ...
///     try await proxier.sync()
///     #expect(node.kernel.table[.tcp(IPAddress(10, 96, 0, 1), 80)] != nil)
///     #expect(node.interfaces["kube-ipvs0"]?.boundAddresses == [IPAddress(10, 96, 0, 1)])
///
/// Each object is a node of its own, and can be used from any number of threads. A proxier that is opened on a node where
/// another one has been is a new process there: it finds what the former one has left.
public final class InMemoryNode: Sendable {
    /// The kernel with the table of virtual servers.
    public let kernel: InMemoryKernel

    let state = Lock(NodeState())

    /// The locks on interfaces that proxiers hold.
    let locks = InterfaceLocks()

    /// Creates a node with the interfaces `lo` and `eth0`, which has the addresses 192.0.2.10 and 2001:db8::10, with a kernel's
    /// initial settings, and without packet rules.
    ///
    /// - Parameter kernel: The kernel with the table of virtual servers, which is initially empty.
    public init(kernel: InMemoryKernel = InMemoryKernel()) { self.kernel = kernel }
}

// MARK: - What the node has

extension InMemoryNode {
    /// All that the node has besides the kernel's table.
    public var contents: Contents { state.withLock { $0.contents } }

    /// The network interfaces, by their names.
    public var interfaces: [String: Interface] { contents.interfaces }

    /// The values of kernel settings, by the names that `sysctl` uses.
    public var sysctls: [String: Int] { contents.sysctls }

    /// The packet rules that the proxier has written; nil if there are none.
    public var packetRules: PacketRules? { contents.packetRules }

    /// Changes what the node has, as an administrator or another program does: at once, with nothing else in between.
    ///
    ///     node.change { $0.interfaces["eth1"] = InMemoryNode.Interface(addresses: [address]) }
    ///
    /// - Parameter body: Changes the contents. It must not use the node otherwise.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws. What it has changed until then stays changed.
    @discardableResult
    public func change<Result, Failure: Error>(
        _ body: (inout Contents) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try state.withLock { (state) throws(Failure) in
            let rules = state.contents.packetRules
            defer {
                state.links.number(state.contents.interfaces)
                if state.contents.packetRules != rules { state.generation += 1 }
            }
            return try body(&state.contents)
        }
    }
}

// MARK: - What others do meanwhile

extension InMemoryNode {
    /// Sets what is done before each request about interfaces and addresses is carried out, such as what others do in the middle
    /// of a sync.
    ///
    ///     node.beforeEachRequest { request, contents in
    ///         if case .addAddress = request { contents.interfaces["kube-ipvs0"] = nil }
    ///     }
    ///
    /// - Parameter body: Is called with the request, and changes the contents. It must not use the node otherwise. Nil for
    ///   nothing.
    public func beforeEachRequest(_ body: (@Sendable (Request, inout Contents) -> Void)?) {
        state.withLock { $0.beforeEachRequest = body }
    }
}

// MARK: - What it was asked for

extension InMemoryNode {
    /// The requests about interfaces and addresses that all programs have sent, in order, whether they succeeded or not.
    public var requests: [Request] { state.withLock { $0.requests } }

    /// The requests among them that change something.
    public var changes: [Request] { requests.filter(\.isChange) }

    /// The changes of packet rules that were written, in order.
    public var writtenRules: [PacketRules.Difference] { state.withLock { $0.writtenRules } }

    /// Forgets the requests and the changes of packet rules, such as those that prepare a test.
    public func forgetRequests() { state.withLock { ($0.requests, $0.writtenRules) = ([], []) } }
}

// MARK: - What goes wrong

extension InMemoryNode {
    /// Plans a fault for one of the next requests about interfaces and addresses.
    ///
    /// Faults of the kernel's table are those of ``kernel``; settings and packet rules have errors that last, see
    /// ``Contents/sysctlErrors`` and ``Contents/ruleErrors``.
    ///
    /// - Parameters:
    ///   - fault: What goes wrong.
    ///   - place: The number of the request among those of all programs from now on, from 1.
    public func inject(_ fault: InMemoryKernel.Fault, at place: Int = 1) {
        precondition(place > 0, "the next request is number 1")
        state.withLock { $0.faults.add(fault, at: place) }
    }

    /// Plans a fault for requests about interfaces and addresses that match.
    ///
    /// - Parameters:
    ///   - fault: What goes wrong.
    ///   - times: For how many requests.
    ///   - matches: Whether a request matches. It must not use the node.
    public func inject(
        _ fault: InMemoryKernel.Fault,
        times: Int = 1,
        where matches: @escaping @Sendable (Request) -> Bool
    ) {
        state.withLock { $0.faults.add(fault, times: times, where: matches) }
    }

    /// Forgets the faults of requests that have not happened yet.
    public func removeFaults() { state.withLock { $0.faults = FaultPlan() } }
}

// MARK: - The time

extension InMemoryNode {
    /// The time of the node's clock. It goes as that of the machine does, and is ahead of it by as much as ``advance(by:)`` says.
    public var now: ContinuousClock.Instant {
        ContinuousClock.now.advanced(by: state.withLock { $0.timeAhead })
    }

    /// Sets the node's clock forward, so that a full sync, or the end of a drain, is due without waiting.
    ///
    /// It wakes nobody: what is due happens in the next `sync()`. The intervals of a proxier that runs are those of the machine's
    /// clock.
    ///
    /// - Parameter duration: How far, which is not negative.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "a clock that goes back is none of the kernel's")
        state.withLock { $0.timeAhead += duration }
    }
}
