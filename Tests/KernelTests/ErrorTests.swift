import CIPVS
import Glibc
import IPVSTestKernel
import Testing

@testable import IPVS

private let web = VirtualServer(.tcp(IPAddress(10, 96, 0, 1), 80), scheduler: .roundRobin)
private let real = RealServer(IPAddress(10, 244, 1, 5), 8080, forwarding: .masquerade)
private let realSix = RealServer(
    Endpoint(IPAddress(family: .ipv6, high: 0xfd00_0002_0000_0000, low: 5), 80),
    forwarding: .tunnel(.ipip)
)

/// An error that the kernel gives for a request of the library: its cause, and the error that is thrown.
struct ErrorRow: Sendable, CustomTestStringConvertible {
    let cause: String
    let errno: Int32
    let code: IPVSError.Code
    let sentence: String
    var loopback = true
    var preparation: @Sendable (TestNamespace, Handle) throws -> Void = { _, _ in }
    let attempt: @Sendable (Handle) throws -> Void

    var testDescription: String { cause }

    static let addWeb: @Sendable (TestNamespace, Handle) throws -> Void = { _, handle in try handle.add(web) }
    static let addBoth: @Sendable (TestNamespace, Handle) throws -> Void = { _, handle in
        try handle.add(web)
        try handle.add(real, to: web.id)
    }
    static let interface: @Sendable (TestNamespace, Handle) throws -> Void = { namespace, _ in
        try namespace.run("ip", "link", "add", "mc0", "type", "dummy")
        try namespace.run("ip", "address", "add", "192.0.2.1/24", "dev", "mc0")
        try namespace.run("ip", "link", "set", "mc0", "multicast", "on", "up")
    }

    static let services: [ErrorRow] = [
        ErrorRow(
            cause: "NEW_SERVICE: it is there",
            errno: EEXIST,
            code: .virtualServerExists,
            sentence: "can't add virtual server TCP 10.96.0.1:80: it exists already",
            preparation: addWeb,
            attempt: { try $0.add(web) }
        ),
        ErrorRow(
            cause: "NEW_SERVICE: scheduler not found",
            errno: ENOENT,
            code: .schedulerNotFound,
            sentence: "can't add virtual server FWM 7 IPv6: this kernel has no scheduler \"nosuch\" "
                + "(module ip_vs_nosuch)",
            attempt: { try $0.add(VirtualServer(.firewallMark(7, .ipv6), scheduler: Scheduler(rawValue: "nosuch"))) }
        ),
        ErrorRow(
            cause: "SET_SERVICE: persistence engine not found",
            errno: ENOENT,
            code: .schedulerNotFound,
            sentence: "can't update virtual server TCP 10.96.0.1:80: this kernel has no scheduler \"rr\" "
                + "(module ip_vs_rr), or no persistence engine \"sixteen-letters-\" (module ip_vs_pe_sixteen-letters-)",
            preparation: addWeb,
            attempt: {
                var changed = web
                changed.persistenceEngine = PersistenceEngine(rawValue: "sixteen-letters-")
                try $0.update(changed)
            }
        ),
        ErrorRow(
            cause: "SET_SERVICE: no such service",
            errno: ESRCH,
            code: .virtualServerNotFound,
            sentence: "can't update virtual server TCP 10.96.0.1:80: no such virtual server",
            attempt: { try $0.update(web) }
        ),
        ErrorRow(
            cause: "DEL_SERVICE: no such service",
            errno: ESRCH,
            code: .virtualServerNotFound,
            sentence: "can't delete virtual server TCP 10.96.0.1:80: no such virtual server",
            attempt: { try $0.delete(web.id) }
        ),
        ErrorRow(
            cause: "GET_SERVICE: no such service",
            errno: ESRCH,
            code: .virtualServerNotFound,
            sentence: "can't read virtual server TCP 10.96.0.1:80: no such virtual server",
            attempt: { _ = try $0.ask(.readVirtualServer(web.id), ()) { _, _ in } }
        ),
        ErrorRow(
            cause: "ZERO: no such service",
            errno: ESRCH,
            code: .virtualServerNotFound,
            sentence: "can't set the counters of TCP 10.96.0.1:80 to zero: no such virtual server",
            attempt: { try $0.zeroCounters(of: web.id) }
        ),
    ]

    static let destinations: [ErrorRow] = [
        ErrorRow(
            cause: "NEW_DEST: no such service",
            errno: ESRCH,
            code: .virtualServerNotFound,
            sentence: "can't add real server 10.244.1.5:8080 to TCP 10.96.0.1:80: no such virtual server",
            attempt: { try $0.add(real, to: web.id) }
        ),
        ErrorRow(
            cause: "SET_DEST: no such service",
            errno: ESRCH,
            code: .virtualServerNotFound,
            sentence: "can't update real server 10.244.1.5:8080 of TCP 10.96.0.1:80: no such virtual server",
            attempt: { try $0.update(real, of: web.id) }
        ),
        ErrorRow(
            cause: "DEL_DEST: no such service",
            errno: ESRCH,
            code: .virtualServerNotFound,
            sentence: "can't delete real server 10.244.1.5:8080 from TCP 10.96.0.1:80: no such virtual server",
            attempt: { try $0.delete(real.endpoint, from: web.id) }
        ),
        ErrorRow(
            cause: "NEW_DEST: it is there",
            errno: EEXIST,
            code: .realServerExists,
            sentence: "can't add real server 10.244.1.5:8080 to TCP 10.96.0.1:80: it exists already",
            preparation: addBoth,
            attempt: { try $0.add(real, to: web.id) }
        ),
        ErrorRow(
            cause: "SET_DEST: no such destination",
            errno: ENOENT,
            code: .realServerNotFound,
            sentence: "can't update real server 10.244.1.5:8080 of TCP 10.96.0.1:80: no such real server",
            preparation: addWeb,
            attempt: { try $0.update(real, of: web.id) }
        ),
        ErrorRow(
            cause: "DEL_DEST: no such destination",
            errno: ENOENT,
            code: .realServerNotFound,
            sentence: "can't delete real server 10.244.1.5:8080 from TCP 10.96.0.1:80: no such real server",
            preparation: addWeb,
            attempt: { try $0.delete(real.endpoint, from: web.id) }
        ),
        ErrorRow(
            cause: "NEW_DEST: address not unicast, as the namespace's lo was never up",
            errno: EINVAL,
            code: .invalidValue,
            sentence: "can't add real server 10.244.1.5:8080 to TCP 10.96.0.1:80: the kernel refuses "
                + "an address that is not that of a host which this namespace could reach (is lo up?)",
            loopback: false,
            preparation: addWeb,
            attempt: { try $0.add(real, to: web.id) }
        ),
        ErrorRow(
            cause: "NEW_DEST: mixed address family while a sync daemon runs",
            errno: EINVAL,
            code: .invalidValue,
            sentence: "can't add real server [fd00:2::5]:80 to TCP 10.96.0.1:80: the kernel refuses "
                + "a real server of another family than its virtual server's while a sync daemon runs, "
                + "or an address that is not that of a host which this namespace could reach (is lo up?)",
            preparation: { namespace, handle in
                try interface(namespace, handle)
                try handle.add(web)
                try handle.startSyncDaemon(SyncDaemon(.master, interface: "mc0"))
            },
            attempt: { try $0.add(realSix, to: web.id) }
        ),
    ]

    static let settings: [ErrorRow] = [
        ErrorRow(
            cause: "NEW_DAEMON: a mixed-family destination is in the table",
            errno: EINVAL,
            code: .invalidValue,
            sentence: "can't start the master sync daemon on mc0: the kernel refuses its settings for this "
                + "interface, or to synchronize a table in which a real server is of another family than its virtual "
                + "server",
            preparation: { namespace, handle in
                try interface(namespace, handle)
                try handle.add(web)
                try handle.add(realSix, to: web.id)
            },
            attempt: { try $0.startSyncDaemon(SyncDaemon(.master, interface: "mc0")) }
        ),
        ErrorRow(
            cause: "NEW_DAEMON: no such interface",
            errno: ENODEV,
            code: .interfaceNotFound,
            sentence: "can't start the backup sync daemon on mc7: no such network interface",
            attempt: { try $0.startSyncDaemon(SyncDaemon(.backup, interface: "mc7")) }
        ),
        ErrorRow(
            cause: "NEW_DAEMON: it runs",
            errno: EEXIST,
            code: .syncDaemonRunning,
            sentence: "can't start the master sync daemon on mc0: it runs already",
            preparation: { namespace, handle in
                try interface(namespace, handle)
                try handle.startSyncDaemon(SyncDaemon(.master, interface: "mc0"))
            },
            attempt: { try $0.startSyncDaemon(SyncDaemon(.master, interface: "mc0")) }
        ),
        ErrorRow(
            cause: "DEL_DAEMON: none runs",
            errno: ESRCH,
            code: .syncDaemonNotRunning,
            sentence: "can't stop the master sync daemon: it does not run",
            attempt: { try $0.stopSyncDaemon(.master) }
        ),
        ErrorRow(
            cause: "SET_CONFIG: a far too large timeout",
            errno: EINVAL,
            code: .invalidValue,
            sentence: "can't set the timeouts: the kernel refuses a timeout that is too long for its clock",
            attempt: { try $0.setTimeouts(Timeouts(tcpFIN: 2_147_483_647)) }
        ),
        ErrorRow(
            cause: "any command: no privilege",
            errno: EPERM,
            code: .permissionDenied,
            sentence: "can't list virtual servers: not permitted; this requires CAP_NET_ADMIN in the initial user "
                + "namespace, which root has",
            attempt: { handle in
                try onThread {
                    try #require(dropCapabilities() == 0)
                    _ = try handle.virtualServers()
                }
            }
        ),
    ]
}

extension KernelTests {
    @Suite struct Errors {
        @Test(arguments: ErrorRow.services + ErrorRow.destinations + ErrorRow.settings)
        func fromTheKernel(_ row: ErrorRow) throws {
            let namespace = try TestNamespace(loopback: row.loopback)
            let handle = try namespace.open()
            try row.preparation(namespace, handle)
            let before = try namespace.table()
            let error = try #require(#expect(throws: IPVSError.self) { try row.attempt(handle) })
            #expect(error.errno == row.errno)
            #expect(error.code == row.code)
            #expect(error.description == row.sentence)
            #expect(error.field == nil)
            // It changed nothing, and the handle still works.
            #expect(try namespace.table() == before)
            try handle.add(VirtualServer(.firewallMark(99)))
        }
    }
}
