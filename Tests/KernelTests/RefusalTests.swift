import CIPVS
import Glibc
import IPVSTestKernel
import Testing

@testable import IPVS
@testable import Netlink

/// A message that the kernel refuses, and that the library either can't make or refuses itself.
struct RefusedMessage: Sendable, CustomTestStringConvertible {
    let cause: String
    let command: Int
    var service: [RawAttribute] = []
    var destination: [RawAttribute]?
    var daemon: [RawAttribute]?
    var other: [RawAttribute] = []
    let errno: Int32

    var testDescription: String { cause }

    private static let whole = RawAttribute.identity + RawAttribute.configuration

    static let services: [RefusedMessage] =
        [IPVS_CMD_NEW_SERVICE, IPVS_CMD_SET_SERVICE, IPVS_CMD_DEL_SERVICE, IPVS_CMD_GET_SERVICE, IPVS_CMD_ZERO].flatMap
    { command in
        [
            RefusedMessage(
                cause: "command \(command): another family",
                command: command,
                service: whole.with(.short(IPVS_SVC_ATTR_AF, 99)),
                errno: EAFNOSUPPORT
            ),
            RefusedMessage(
                cause: "command \(command): no family",
                command: command,
                service: whole.without(IPVS_SVC_ATTR_AF),
                errno: EINVAL
            ),
            RefusedMessage(
                cause: "command \(command): neither mark nor whole endpoint",
                command: command,
                service: whole.without(IPVS_SVC_ATTR_PORT),
                errno: EINVAL
            ),
        ]
    }

    static let configurations: [RefusedMessage] =
        [IPVS_CMD_NEW_SERVICE, IPVS_CMD_SET_SERVICE].flatMap { command in
            RawAttribute.configuration.map(\.type).map { type in
                RefusedMessage(
                    cause: "command \(command): no \(AttributeSet.service.name(of: type))",
                    command: command,
                    service: whole.without(type),
                    errno: EINVAL
                )
            }
        } + [
            RefusedMessage(
                cause: "NEW_SERVICE: IPv6 prefix 0",
                command: IPVS_CMD_NEW_SERVICE,
                service: six(prefix: 0),
                errno: EINVAL
            ),
            RefusedMessage(
                cause: "NEW_SERVICE: IPv6 prefix 129",
                command: IPVS_CMD_NEW_SERVICE,
                service: six(prefix: 129),
                errno: EINVAL
            ),
        ]

    private static func six(prefix: UInt32) -> [RawAttribute] {
        whole.with(.short(IPVS_SVC_ATTR_AF, 10)).with(.word(IPVS_SVC_ATTR_NETMASK, prefix))
    }

    /// Messages with a name that is too long; the kernels differ in the errno.
    static let names: [RefusedMessage] = [
        RefusedMessage(
            cause: "NEW_SERVICE: scheduler of 16 letters",
            command: IPVS_CMD_NEW_SERVICE,
            service: whole.with(.text(IPVS_SVC_ATTR_SCHED_NAME, "sixteen-letters-")),
            errno: EINVAL
        ),
        RefusedMessage(
            cause: "NEW_SERVICE: persistence engine of 17 letters",
            command: IPVS_CMD_NEW_SERVICE,
            service: whole.with(.text(IPVS_SVC_ATTR_PE_NAME, "seventeen-letters")),
            errno: EINVAL
        ),
    ]

    static let destinations: [RefusedMessage] = [
        destination("weight above INT32_MAX", .word(IPVS_DEST_ATTR_WEIGHT, 2_147_483_648), ERANGE),
        destination("lower threshold above the upper one", .word(IPVS_DEST_ATTR_L_THRESH, 1), ERANGE),
        destination("multicast address", .address(IPVS_DEST_ATTR_ADDR, IPAddress(224, 0, 0, 1)), EINVAL),
        destination("broadcast address", .address(IPVS_DEST_ATTR_ADDR, IPAddress(255, 255, 255, 255)), EINVAL),
        destination("unspecified address", .address(IPVS_DEST_ATTR_ADDR, IPAddress(0, 0, 0, 0)), EINVAL),
        destination("mixed family without a tunnel", .short(IPVS_DEST_ATTR_ADDR_FAMILY, 10), EINVAL),
        destination("another family", .short(IPVS_DEST_ATTR_ADDR_FAMILY, 99), EAFNOSUPPORT),
        RefusedMessage(
            cause: "NEW_DEST: GUE with port 0",
            command: IPVS_CMD_NEW_DEST,
            service: RawAttribute.identity,
            destination: RawAttribute.destination.with(.word(IPVS_DEST_ATTR_FWD_METHOD, 2)) + [
                .byte(IPVS_DEST_ATTR_TUN_TYPE, 1), .short(IPVS_DEST_ATTR_TUN_PORT, 0),
                .short(IPVS_DEST_ATTR_TUN_FLAGS, 0),
            ],
            errno: EINVAL
        ),
    ]

    private static func destination(_ cause: String, _ attribute: RawAttribute, _ errno: Int32) -> RefusedMessage {
        RefusedMessage(
            cause: "NEW_DEST: \(cause)",
            command: IPVS_CMD_NEW_DEST,
            service: RawAttribute.identity,
            destination: RawAttribute.destination.with(attribute),
            errno: errno
        )
    }

    static let settings: [RefusedMessage] = [
        RefusedMessage(
            cause: "NEW_DAEMON: bad state",
            command: IPVS_CMD_NEW_DAEMON,
            daemon: RawAttribute.daemon.with(.word(IPVS_DAEMON_ATTR_STATE, 3)),
            errno: EINVAL
        ),
        RefusedMessage(
            cause: "NEW_DAEMON: group not multicast",
            command: IPVS_CMD_NEW_DAEMON,
            daemon: RawAttribute.daemon.with(.word(IPVS_DAEMON_ATTR_MCAST_GROUP, UInt32(0x0a00_0001).bigEndian)),
            errno: EINVAL
        ),
        RefusedMessage(
            cause: "SET_CONFIG: a negative timeout",
            command: IPVS_CMD_SET_CONFIG,
            other: [.word(IPVS_CMD_ATTR_TIMEOUT_UDP, 0x8000_0000)],
            errno: EINVAL
        ),
    ]

    func put(into message: inout Message) {
        if !service.isEmpty { message.nestAttributes(IPVS_CMD_ATTR_SERVICE, service) }
        if let destination { message.nestAttributes(IPVS_CMD_ATTR_DEST, destination) }
        if let daemon { message.nestAttributes(IPVS_CMD_ATTR_DAEMON, daemon) }
        for attribute in other { attribute.put(into: &message) }
    }
}

extension KernelTests {
    /// The kernel refuses what the library refuses before it sends anything.
    @Suite struct Refusals {
        let namespace: TestNamespace
        let socket: RawSocket

        /// One namespace for all, with an interface for sync daemons: in an emulated machine many would be slow.
        private static let shared = Result {
            let namespace = try TestNamespace()
            try ErrorRow.interface(namespace, try namespace.open())
            return namespace
        }

        init() throws {
            namespace = try Self.shared.get()
            let handle = try namespace.open()
            try handle.flush()
            for daemon in try handle.syncDaemons() { try handle.stopSyncDaemon(daemon.role) }
            socket = try RawSocket(namespace)
        }

        /// The messages are refused because of what is wrong with them, and not for another reason.
        @Test func whatIsRightIsTaken() throws {
            let whole = RawAttribute.identity + RawAttribute.configuration
            let right = [
                RefusedMessage(cause: "", command: IPVS_CMD_NEW_SERVICE, service: whole, errno: 0),
                RefusedMessage(
                    cause: "",
                    command: IPVS_CMD_NEW_DEST,
                    service: RawAttribute.identity,
                    destination: RawAttribute.destination,
                    errno: 0
                ),
                RefusedMessage(cause: "", command: IPVS_CMD_NEW_DAEMON, daemon: RawAttribute.daemon, errno: 0),
            ]
            for message in right {
                #expect(try socket.send(message.command) { message.put(into: &$0) }.errno == 0)
            }
        }

        @Test(
            arguments: RefusedMessage.services + RefusedMessage.configurations + RefusedMessage.destinations
                + RefusedMessage.settings
        )
        func whatIsWrongIsRefused(_ message: RefusedMessage) throws {
            let isSetOrDestination = message.command != IPVS_CMD_NEW_SERVICE && !message.service.isEmpty
            if isSetOrDestination {
                let whole = RawAttribute.identity + RawAttribute.configuration
                _ = try socket.send(IPVS_CMD_NEW_SERVICE) { $0.nestAttributes(IPVS_CMD_ATTR_SERVICE, whole) }
            }
            let before = try namespace.table()
            #expect(try socket.send(message.command) { message.put(into: &$0) }.errno == message.errno)
            #expect(try namespace.table() == before)
        }

        @Test(arguments: RefusedMessage.names)
        func longNamesAreRefused(_ message: RefusedMessage) throws {
            let errno = try socket.send(message.command) { message.put(into: &$0) }.errno
            #expect([EINVAL, ERANGE].contains(errno))
            #expect(try namespace.table().isEmpty)
        }

        /// The kernel's answers to messages that the library never sends.
        @Test func aMarkOfZeroIsAnEndpoint() throws {
            let zero: [RawAttribute] = [.short(IPVS_SVC_ATTR_AF, 2), .word(IPVS_SVC_ATTR_FWMARK, 0)]
            let service = zero + RawAttribute.configuration
            let answer = try socket.send(IPVS_CMD_NEW_SERVICE) { $0.nestAttributes(IPVS_CMD_ATTR_SERVICE, service) }
            #expect(answer.errno == 0)
            #expect(try namespace.saved() == ["-A -t 0.0.0.0:0 -s rr"])
        }

        @Test func theKernelsOwnWordsAreKept() throws {
            // Two bytes instead of four: an attribute that the kernel's policy has.
            let answer = try socket.send(IPVS_CMD_SET_CONFIG) { $0.put(IPVS_CMD_ATTR_TIMEOUT_TCP, UInt16(1)) }
            let text = try #require(answer.message)
            #expect(!text.isEmpty)
            let error = IPVSError(.setTimeouts(Timeouts(tcp: 1)), .kernel(answer))
            #expect(error.kernelMessage == text)
            #expect(error.description.hasSuffix(" (the kernel says: \(text))"))
        }
    }
}
