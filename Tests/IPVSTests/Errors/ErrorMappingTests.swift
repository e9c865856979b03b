import Glibc
import Testing

@testable import IPVS
@testable import Netlink

@Suite("Errors from the kernel")
struct ErrorMappingTests {
    static let id = VirtualServer.Identity.tcp(IPAddress(10, 96, 0, 1), 80)
    static let service = VirtualServer(id, scheduler: .maglevHashing)
    static let real = RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade)
    static let daemon = SyncDaemon(.master, interface: "eth0")

    static let requests: [Request] = [
        .addVirtualServer(service), .updateVirtualServer(service), .deleteVirtualServer(id),
        .readVirtualServer(id),
        .readVirtualServers, .addRealServer(real, id), .updateRealServer(real, id),
        .deleteRealServer(real.endpoint, id),
        .readRealServers(id), .flush, .zeroCounters(nil), .zeroCounters(id), .readTimeouts,
        .setTimeouts(Timeouts(tcp: 1)), .readInfo, .startDaemon(daemon), .stopDaemon(.backup), .readDaemons,
    ]

    /// The errors with a meaning specific to a command; others mean the same for all commands.
    static func special(_ request: Request) -> [Int32: IPVSError.Code] {
        switch request {
        case .addVirtualServer:
            [EEXIST: .virtualServerExists, ENOENT: .schedulerNotFound, ESRCH: .virtualServerNotFound]
        case .updateVirtualServer: [ENOENT: .schedulerNotFound, ESRCH: .virtualServerNotFound]
        case .deleteVirtualServer, .readVirtualServer, .readRealServers, .zeroCounters(_?):
            [ESRCH: .virtualServerNotFound]
        case .addRealServer: [EEXIST: .realServerExists, ESRCH: .virtualServerNotFound]
        case .updateRealServer, .deleteRealServer: [ENOENT: .realServerNotFound, ESRCH: .virtualServerNotFound]
        case .startDaemon: [EEXIST: .syncDaemonRunning, ENODEV: .interfaceNotFound]
        case .stopDaemon: [ESRCH: .syncDaemonNotRunning]
        case .readVirtualServers, .flush, .zeroCounters(nil), .readTimeouts, .setTimeouts, .readInfo,
            .readDaemons:
            [:]
        }
    }

    static let general: [Int32: IPVSError.Code] = [
        EPERM: .permissionDenied, EACCES: .permissionDenied, EAFNOSUPPORT: .addressFamilyNotSupported,
        EINVAL: .invalidValue, ERANGE: .invalidValue,
    ]

    @Test("Each errno has a code for each command", arguments: requests)
    func codes(request: Request) {
        let expected = Self.general.merging(Self.special(request)) { $1 }
        for errno in 1...133 as ClosedRange<Int32> {
            #expect(IPVSError.Code(errno: errno, of: request) == expected[errno] ?? .system, "errno \(errno)")
        }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let request: Request
        let errno: Int32
        let code: IPVSError.Code
        let sentence: String
        var testDescription: String { sentence }

        init(_ request: Request, _ errno: Int32, _ code: IPVSError.Code, _ sentence: String) {
            (self.request, self.errno, self.code, self.sentence) = (request, errno, code, sentence)
        }
    }

    private static let persistent = VirtualServer(
        id,
        scheduler: Scheduler(rawValue: "mine"),
        persistenceEngine: .sip
    )

    private static let far = RealServer(
        Endpoint(IPAddress("fd00::1") ?? IPAddress(0, 0, 0, 0), 80),
        forwarding: .tunnel(.ipip),
        upperThreshold: 0x8000_0000
    )

    static let rows: [Row] = [
        Row(
            .addVirtualServer(service),
            EEXIST,
            .virtualServerExists,
            "add virtual server TCP 10.96.0.1:80: it exists already"
        ),
        Row(
            .addVirtualServer(service),
            ENOENT,
            .schedulerNotFound,
            "add virtual server TCP 10.96.0.1:80: "
                + #"this kernel has no scheduler "mh" (module ip_vs_mh)"#
        ),
        Row(
            .updateVirtualServer(persistent),
            ENOENT,
            .schedulerNotFound,
            "update virtual server TCP 10.96.0.1:80: "
                + #"this kernel has no scheduler "mine" (module ip_vs_mine), "#
                + #"or no persistence engine "sip" (module ip_vs_pe_sip)"#
        ),
        Row(
            .addVirtualServer(service),
            EINVAL,
            .invalidValue,
            "add virtual server TCP 10.96.0.1:80: the kernel refuses its values"
        ),
        Row(
            .addVirtualServer(service),
            EAFNOSUPPORT,
            .addressFamilyNotSupported,
            "add virtual server TCP 10.96.0.1:80: "
                + "this kernel's IPVS has no such address family; IPv6 is disabled"
        ),
        Row(
            .updateVirtualServer(service),
            ESRCH,
            .virtualServerNotFound,
            "update virtual server TCP 10.96.0.1:80: no such virtual server"
        ),
        Row(
            .deleteVirtualServer(id),
            ESRCH,
            .virtualServerNotFound,
            "delete virtual server TCP 10.96.0.1:80: no such virtual server"
        ),
        Row(
            .readVirtualServer(id),
            EPERM,
            .permissionDenied,
            "read virtual server TCP 10.96.0.1:80: "
                + "not permitted; this requires CAP_NET_ADMIN in the initial user namespace, which root has"
        ),
        Row(
            .zeroCounters(.firewallMark(7, .ipv6)),
            ESRCH,
            .virtualServerNotFound,
            "set the counters of FWM 7 IPv6 to zero: no such virtual server"
        ),
        Row(
            .addRealServer(real, id),
            ESRCH,
            .virtualServerNotFound,
            "add real server 10.244.1.5:8080 to TCP 10.96.0.1:80: no such virtual server"
        ),
        Row(
            .addRealServer(real, id),
            EEXIST,
            .realServerExists,
            "add real server 10.244.1.5:8080 to TCP 10.96.0.1:80: it exists already"
        ),
        Row(
            .addRealServer(real, id),
            EINVAL,
            .invalidValue,
            "add real server 10.244.1.5:8080 to TCP 10.96.0.1:80: "
                + "the kernel refuses an address that is not that of a host which this namespace could reach (is lo up?)"
        ),
        Row(
            .updateRealServer(far, id),
            EINVAL,
            .invalidValue,
            "update real server [fd00::1]:80 of TCP 10.96.0.1:80: the kernel refuses a threshold above 2147483647, "
                + "or a real server of another family than its virtual server's while a sync daemon runs, "
                + "or an address that is not that of a host which this namespace could reach (is lo up?)"
        ),
        Row(
            .updateRealServer(real, id),
            ENOENT,
            .realServerNotFound,
            "update real server 10.244.1.5:8080 of TCP 10.96.0.1:80: no such real server"
        ),
        Row(
            .deleteRealServer(real.endpoint, id),
            ENOENT,
            .realServerNotFound,
            "delete real server 10.244.1.5:8080 from TCP 10.96.0.1:80: no such real server"
        ),
        Row(
            .setTimeouts(Timeouts(tcp: 1)),
            EINVAL,
            .invalidValue,
            "set the timeouts: the kernel refuses a timeout that is too long for its clock"
        ),
        Row(
            .startDaemon(daemon),
            EEXIST,
            .syncDaemonRunning,
            "start the master sync daemon on eth0: it runs already"
        ),
        Row(
            .startDaemon(daemon),
            ENODEV,
            .interfaceNotFound,
            "start the master sync daemon on eth0: no such network interface"
        ),
        Row(
            .startDaemon(daemon),
            EINVAL,
            .invalidValue,
            "start the master sync daemon on eth0: "
                + "the kernel refuses its settings for this interface, or to synchronize a table in which a real server "
                + "is of another family than its virtual server"
        ),
        Row(
            .stopDaemon(.backup),
            ESRCH,
            .syncDaemonNotRunning,
            "stop the backup sync daemon: it does not run"
        ),
        Row(
            .flush,
            EPERM,
            .permissionDenied,
            "delete all virtual servers: "
                + "not permitted; this requires CAP_NET_ADMIN in the initial user namespace, which root has"
        ),
        Row(.zeroCounters(nil), ENOMEM, .system, "set all counters to zero: Cannot allocate memory"),
        Row(.readInfo, EBUSY, .system, "read the version of IPVS: Device or resource busy"),
    ]

    @Test("A refusal is described by a sentence, and keeps the errno", arguments: rows)
    func sentences(row: Row) throws {
        try ScriptedChannel.run([.take, .deliver([.error(row.errno)])] + Self.retry(row.errno)) { handle in
            let error = try expectError { try handle.send(row.request) }
            #expect(error.code == row.code)
            #expect(error.errno == row.errno)
            #expect(error.kernelMessage == nil)
            #expect(error.field == nil)
            #expect(error.operation == IPVSError.Operation(row.request))
            #expect("\(error)" == "can't \(row.sentence)")
        }
    }

    /// After an ENOENT the connection asks whether the family's number is still the same.
    static func retry(_ errno: Int32) -> [ScriptedChannel.Step] { errno == ENOENT ? ScriptedChannel.opening() : [] }

    @Test("The kernel's message follows the sentence, after a capped or complete echo", arguments: [true, false])
    func extendedText(capped: Bool) throws {
        let reply = Reply.error(EINVAL, text: "Attribute failed policy validation", capped: capped)
        try ScriptedChannel.run([.take, .deliver([reply])]) { handle in
            let error = try expectError { try handle.add(Self.service) }
            #expect(error.code == .invalidValue)
            #expect(error.kernelMessage == "Attribute failed policy validation")
            let sentence = "can't add virtual server TCP 10.96.0.1:80: the kernel refuses its values"
            #expect("\(error)" == sentence + " (the kernel says: Attribute failed policy validation)")
        }
    }

    @Test("The end of a dump can have an error with the kernel's message")
    func dumpError() throws {
        try ScriptedChannel.run([.take, .deliver([.done(EPERM, text: "no way")])]) { handle in
            let error = try expectError { _ = try handle.virtualServers() }
            #expect(error.code == .permissionDenied)
            #expect(error.kernelMessage == "no way")
        }
    }

    @Test("An operation describes itself")
    func operations() {
        for request in Self.requests {
            let operation = IPVSError.Operation(request)
            switch request {
            case .addRealServer, .updateRealServer, .deleteRealServer:
                #expect(operation.realServer == Self.real.endpoint)
                #expect(operation.virtualServer == Self.id)
            case .addVirtualServer, .updateVirtualServer, .deleteVirtualServer, .readVirtualServer, .readRealServers,
                .zeroCounters(_?):
                #expect(operation.realServer == nil)
                #expect(operation.virtualServer == Self.id)
            default:
                #expect(operation.realServer == nil)
                #expect(operation.virtualServer == nil)
            }
        }
        #expect(Set(Self.requests.map { IPVSError.Operation($0).description }).count == Self.requests.count)
    }
}
