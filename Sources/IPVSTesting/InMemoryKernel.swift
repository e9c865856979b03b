import CIPVS
public import IPVS
import Netlink

/// A kernel with IPVS in memory, for tests of programs that change its table.
///
/// It has the rules, the defaults and the errors of the real one, and needs neither root nor Linux's module. A `Handle`
/// that is opened on it sends the same bytes as to the real kernel and reads the same bytes.
///
///     let kernel = InMemoryKernel()
///     let handle = try Handle(testing: kernel)
///     try handle.add(web)
///     #expect(kernel.table[web.id] == Table.Entry(web))
///
/// Each object is a network namespace of its own, and can be used from any number of threads. Any number of handles can be
/// opened on it: all see the same table.
public final class InMemoryKernel: Sendable {
    /// The version of Linux, whose rules the kernel follows.
    public let version: Version

    /// Distinguishes the kernels of a process.
    let number: Int

    private let state: Lock<State>

    fileprivate struct State: Sendable {
        var kernel: KernelState
        var sockets: UInt32 = 0
        var connectionEntries: [ConnectionEntry] = []
        var log: [InMemoryKernel.SentCommand] = []
        var faults = FaultPlan<Command>()
    }

    private static let kernels = Lock(0)

    /// Creates a kernel with an empty table.
    ///
    /// - Parameters:
    ///   - version: The version of Linux, whose rules it follows.
    ///   - interfaces: The network interfaces, which sync daemons use.
    public convenience init(version: Version = .v6_12, interfaces: Set<String> = ["lo", "eth0"]) {
        self.init(version: version, interfaces: interfaces, ticksPerSecond: 250)
    }

    /// Creates a kernel with another clock.
    ///
    /// - Parameters:
    ///   - version: The version of Linux, whose rules it follows.
    ///   - interfaces: The network interfaces.
    ///   - ticksPerSecond: The ticks of its clock, which limit its times.
    package init(version: Version, interfaces: Set<String>, ticksPerSecond: UInt32) {
        self.version = version
        number = Self.kernels.withLock { count in
            count += 1
            return count
        }
        let table = TableState(version, ticksPerSecond: ticksPerSecond, interfaces: interfaces)
        state = Lock(State(kernel: KernelState(table: table)))
    }

    /// Opens a socket, with a port of its own.
    func openSocket() -> KernelSocket {
        let count = state.withLock { state in
            state.sockets += 1
            return state.sockets
        }
        return KernelSocket(port: 0x7000_0000 + count) { self.receive($0, from: $1) }
    }

    /// Reads the messages of a send, and returns what its socket receives.
    func receive(_ sent: [UInt8], from port: UInt32) -> [Event] {
        let messages = ReceivedMessage.split(sent)
        return state.withLock { state in messages.flatMap { state.receive($0, from: port) } }
    }
}

extension InMemoryKernel.State {
    fileprivate mutating func receive(_ message: ReceivedMessage, from port: UInt32) -> [Event] {
        let version = kernel.version(of: message)
        guard message.header.type == kernel.family else {
            return kernel.answer(message).datagrams(to: message, port: port, version: version)
                .map { .datagram($0, sender: 0) }
        }
        let command = InMemoryKernel.Command(message)
        let fault = faults.next(for: command)
        var answer = Answer(verdict: Refusal(fault?.refusal ?? 0))
        if fault?.refusal == nil { answer = kernel.answer(message) }
        log.append(
            InMemoryKernel.SentCommand(command: command, errno: answer.verdict.errno, bytes: Array(message.bytes))
        )
        let datagrams = answer.datagrams(to: message, port: port, version: version)
        return fault?.events(for: datagrams, to: message, port: port) ?? datagrams.map { .datagram($0, sender: 0) }
    }
}

// MARK: - What the kernel has

extension InMemoryKernel {
    /// The table: all virtual servers with their real servers.
    public var table: Table {
        state.withLock { $0.kernel.table.decoded }
    }

    /// The timeouts of idle connections. A test can set one to nil: that of a protocol that the kernel does not balance.
    public var timeouts: Timeouts {
        get { state.withLock { $0.kernel.table.timeouts } }
        set { state.withLock { $0.kernel.table.timeouts = newValue } }
    }

    /// The sync daemons that run.
    public var syncDaemons: Set<SyncDaemon> { state.withLock { $0.kernel.table.decodedDaemons } }

    /// The connections that a handle lists. They are what a test sets: the kernel makes and deletes none.
    public var connectionEntries: [ConnectionEntry] {
        get { state.withLock { $0.connectionEntries } }
        set { state.withLock { $0.connectionEntries = newValue } }
    }

    /// Whether `lo` is up, as it initially is. While it isn't, the kernel refuses IPv4 real servers, as that of a new network
    /// namespace does.
    public var isLoopbackUp: Bool {
        get { state.withLock { $0.kernel.table.isLoopbackUp } }
        set { state.withLock { $0.kernel.table.isLoopbackUp = newValue } }
    }

    /// Unloads the module with all that it has, and loads it again. Handles that are open have to find it again.
    public func reloadModule() {
        state.withLock { state in
            let old = state.kernel.table
            var table = TableState(old.version, ticksPerSecond: old.ticksPerSecond, interfaces: old.interfaces)
            table.isLoopbackUp = old.isLoopbackUp
            state.kernel.table = table
            state.kernel.family += 1
            state.connectionEntries = []
        }
    }
}

// MARK: - What it was sent

extension InMemoryKernel {
    /// The commands that all handles have sent, in order, with their results.
    public var sentCommands: [SentCommand] { state.withLock { $0.log } }

    /// The commands that all handles have sent, in order, whether they succeeded or not.
    public var commands: [Command] { sentCommands.map(\.command) }

    /// The commands among them that change something.
    public var changes: [Command] { commands.filter(\.isChange) }

    /// Forgets the commands that were sent, such as those that prepare a test.
    public func forgetCommands() { state.withLock { $0.log.removeAll() } }
}

// MARK: - What goes wrong

extension InMemoryKernel {
    /// Plans a fault for one of the next commands.
    ///
    /// - Parameters:
    ///   - fault: What goes wrong.
    ///   - place: The number of the command among those of all handles from now on, from 1.
    public func inject(_ fault: Fault, at place: Int = 1) {
        precondition(place > 0, "the next command is number 1")
        state.withLock { $0.faults.add(fault, at: place) }
    }

    /// Plans a fault for commands that match.
    ///
    /// - Parameters:
    ///   - fault: What goes wrong.
    ///   - times: For how many commands.
    ///   - matches: Whether a command matches. It must not use the kernel.
    public func inject(_ fault: Fault, times: Int = 1, where matches: @escaping @Sendable (Command) -> Bool) {
        state.withLock { $0.faults.add(fault, times: times, where: matches) }
    }

    /// Forgets the faults that have not happened yet.
    public func removeFaults() { state.withLock { $0.faults = FaultPlan() } }

    /// Calls `body` with the state of the table.
    func withTable<Result, Failure: Error>(
        _ body: (inout TableState) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try state.withLock { (state) throws(Failure) in try body(&state.kernel.table) }
    }
}
