import Foundation
import Glibc
import IPVS
import IPVSTestKernel
import Testing

@testable import Netlink

extension KernelTests {
    /// The connection table, with connections made for the tests.
    @Suite struct Connections {
        let namespace: TestNamespace
        let handle: Handle

        init() throws {
            namespace = try TestNamespace()
            handle = try namespace.open()
        }

        private func entries(
            of handle: Handle? = nil,
            showing detail: ConnectionEntries.Detail = .persistence
        ) throws -> [ConnectionEntry] {
            var list = try (handle ?? self.handle).connectionEntries(showing: detail)
            var entries: [ConnectionEntry] = []
            while let entry = try list.next() { entries.append(entry) }
            return entries
        }

        private func balance(
            _ id: VirtualServer.Identity,
            _ persistence: Persistence?,
            engine: PersistenceEngine? = nil,
            to real: String
        ) throws {
            var server = VirtualServer(id, scheduler: .roundRobin, persistence: persistence)
            server.persistenceEngine = engine
            try handle.add(server)
            try handle.add(RealServer(try #require(Endpoint(real)), forwarding: .masquerade), to: id)
        }

        /// The effect of an engine without persistence: a packet that a real server sends first becomes a connection.
        @Test(arguments: [nil, .sip] as [PersistenceEngine?]) func whatARealServerSendsFirst(
            engine: PersistenceEngine?
        ) throws {
            try balance(.udp(IPAddress(127, 0, 0, 9), 5060), nil, engine: engine, to: "127.0.0.1:5061")
            let place = namespace.descriptor
            try onThread {
                guard enterNamespace(place) == 0 else { throw TestFailure("setns: \(errno)") }
                try sendDatagram("OPTIONS", to: (127 << 24 | 2, 5060), from: (127 << 24 | 1, 5061))
            }
            let places = try entries().map { [$0.client, $0.virtualServer, $0.realServer].map(\.description) }
            #expect(places == (engine == nil ? [] : [["127.0.0.2:5060", "127.0.0.9:5060", "127.0.0.1:5061"]]))
        }

        @Test func anEmptyTable() throws {
            #expect(try entries().isEmpty)
            #expect(try entries(showing: .origin).isEmpty)
        }

        /// An entry of each form that the kernel writes, compared with ipvsadm's.
        @Test func eachForm() throws {
            try namespace.run("ip", "-6", "address", "add", "fd00::1/128", "dev", "lo", "nodad")
            try balance(.tcp(IPAddress(127, 0, 0, 9), 80), Persistence(timeout: 300), to: "127.0.0.1:8080")
            try balance(try #require(.init("TCP [fd00::1]:80")), nil, to: "[::1]:8080")
            try balance(.udp(IPAddress(127, 0, 0, 9), 53), nil, to: "127.0.0.1:5353")
            try balance(.udp(IPAddress(127, 0, 0, 9), 5060), Persistence(), engine: .sip, to: "127.0.0.1:5061")
            try balance(.firewallMark(0x8000_0007), Persistence(timeout: 60), to: "127.0.0.1:0")
            try balance(.firewallMark(7, .ipv6), Persistence(timeout: 60), to: "[::1]:0")
            var once = VirtualServer(.udp(IPAddress(127, 0, 0, 9), 99), scheduler: .roundRobin)
            once.flags = .onePacket
            try handle.add(once)
            try handle.add(RealServer(IPAddress(127, 0, 0, 1), 5353, forwarding: .masquerade), to: once.id)
            let clients = try Clients(namespace)
            try withExtendedLifetime(clients) {
                let found = try entries()
                let forms = Set(found.map(Form.init))
                let expected: Set<Form> = [
                    Form("TCP", "127.0.0.9:80", "127.0.0.1:8080", .established),
                    Form("TCP", "127.0.0.9:80", "127.0.0.1:8080", .assured, isTemplate: true),
                    Form("TCP", "[fd00::1]:80", "[::1]:8080", .established),
                    Form("UDP", "127.0.0.9:53", "127.0.0.1:5353", .udp),
                    Form("UDP", "127.0.0.9:5060", "127.0.0.1:5061", .udp),
                    Form("UDP", "127.0.0.9:5060", "127.0.0.1:5061", .none, isTemplate: true, data: Clients.callID),
                    Form("TCP", "127.0.0.8:8080", "127.0.0.1:8080", .established),
                    Form("0", "128.0.0.7:0", "127.0.0.1:0", .assured, isTemplate: true, mark: 0x8000_0007),
                    Form("TCP", "[fd00::1]:8080", "[::1]:8080", .established),
                    Form("0", "[0:7::]:0", "[::1]:0", .assured, isTemplate: true, mark: 7),
                ]
                #expect(forms == expected)
                #expect(found.count == expected.count)
                // The clients' ports differ, and so does the remaining time of each entry.
                for entry in found {
                    #expect((entry.client.port == 0) == entry.isTemplate)
                    let timeout: UInt32 =
                        switch (entry.transport, entry.isTemplate, entry.firewallMark) {
                        case (_, true, .some): 60
                        case (.tcp, true, _): 300
                        case (.udp, true, _): 360
                        case (.udp, _, _): 300
                        default: 900
                        }
                    #expect((timeout - 30...timeout).contains(entry.secondsLeft), "\(entry)")
                }
                #expect(try asListed(found) == Set(namespace.listed("-Lnc", "--persistent-conn")))
                // The sync list has the same entries, with their origin and without persistence data.
                let origins = try entries(showing: .origin)
                #expect(origins.allSatisfy { $0.origin == .local && $0.persistence == nil })
                #expect(Set(origins.map(\.key)) == Set(found.map(\.key)))
            }
        }

        /// ipvsadm's output for entries, without the remaining time.
        private func asListed(_ entries: [ConnectionEntry]) -> Set<String> {
            Set(
                entries.map { entry in
                    let transport = entry.transport.rawValue == 0 ? "IP" : "\(entry.transport)"
                    let words = [
                        transport, "\(entry.state)", "\(entry.client)", "\(entry.virtualServer)", "\(entry.realServer)",
                        entry.persistence.map { "\($0.engine) \($0.data)" },
                    ]
                    return words.compactMap { $0 }.joined(separator: " ")
                }
            )
        }

        /// The list is that of the handle's namespace, whichever namespace the calling thread is in.
        @Test func ofTheHandlesNamespace() throws {
            try balance(.tcp(IPAddress(127, 0, 0, 9), 80), nil, to: "127.0.0.1:80")
            let server = try EchoServer(namespace, port: 80)
            let client = try TestConnection(namespace, to: 127 << 24 | 9, port: 80)
            let other = try TestNamespace()
            #expect(try entries(of: other.open()).isEmpty)
            let (here, elsewhere) = (namespace.descriptor, other.descriptor)
            // A handle of the calling thread's namespace, on a thread that then leaves it and drops its privileges.
            let counts = try onThread { () -> [Int] in
                func count(_ handle: Handle) throws -> Int {
                    var list = try handle.connectionEntries()
                    var count = 0
                    while try list.next() != nil { count += 1 }
                    return count
                }
                try #require(enterNamespace(here) == 0)
                let handle = try Handle()
                let atHome = try count(handle)
                try #require(enterNamespace(elsewhere) == 0)
                let away = try count(handle)
                try #require(enterNamespace(here) == 0)
                return [atHome, away, try count(handle)]
            }
            #expect(counts == [1, 1, 1])
            withExtendedLifetime((server, client)) {}
        }

        @Test func withoutPrivilege() throws {
            let namespace = namespace.descriptor
            let error = try onThread { () -> IPVSError? in
                try #require(enterNamespace(namespace) == 0)
                let handle = try Handle()
                try #require(dropCapabilities() == 0)
                do throws(IPVSError) {
                    _ = try handle.connectionEntries()
                    return nil
                } catch {
                    return error
                }
            }
            #expect(error?.code == .permissionDenied)
        }

        /// A table of tens of thousands of entries needs no more memory than one of a few.
        @Test func aLargeTable() throws {
            let id = VirtualServer.Identity.udp(IPAddress(127, 0, 0, 9), 53)
            try balance(id, nil, to: "127.0.0.1:5353")
            let wanted = 40_000
            try fill(wanted)
            var list = try handle.connectionEntries()
            _ = try list.next()
            let before = try peakMemory()
            let start = ContinuousClock.now
            var count = 1
            while try list.next() != nil { count += 1 }
            let grown = try peakMemory() - before
            print("\(count) entries in \(ContinuousClock.now - start); the most memory ever used grew by \(grown) KiB")
            #expect(count == wanted)
            // A list of all of them would need some eight megabytes.
            #expect(grown < 2_048)
        }

        /// What is there all the time is listed, however many connections are created meanwhile. Since Linux 7, the table grows
        /// with them.
        @Test func manyAreCreatedMeanwhile() throws {
            try balance(.udp(IPAddress(127, 0, 0, 9), 53), nil, to: "127.0.0.1:5353")
            try fill(2_000)
            let old = Set(try entries().map(\.client))
            #expect(old.count == 2_000)
            var list = try handle.connectionEntries()
            var (found, count, filled) = (Set<Endpoint>(), 0, 2_000)
            while let entry = try list.next() {
                found.insert(entry.client)
                count += 1
                if count.isMultiple(of: 100), filled < 40_000 {
                    try fill(500, after: filled)
                    filled += 500
                }
            }
            print("\(count) entries, of which \(count - found.count) are there twice")
            #expect(found.isSuperset(of: old))
            #expect(Set(try entries().map(\.client)).count == filled)
        }

        /// Makes entries, each with one packet of another client, after as many others.
        private func fill(_ count: Int, after others: Int = 0) throws {
            let descriptor = namespace.descriptor
            try onThread {
                try #require(enterNamespace(descriptor) == 0)
                for index in others..<others + count {
                    // Clients of 127.1.0.0/16 and above, with some thousand ports each.
                    let client = UInt32(127 << 24 | (1 + index / 20_000) << 16 | 1)
                    try sendDatagram("x", to: (127 << 24 | 9, 53), from: (client, UInt16(20_000 + index % 20_000)))
                }
            }
        }

        private func peakMemory() throws -> Int {
            var usage = rusage()
            try #require(getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0)
            return usage.ru_maxrss
        }

        @Test(.enabled(if: Kernel.isDisposable, "it unloads modules; Tests/run does this in a virtual machine"))
        func theModuleGoesMeanwhile() throws {
            try balance(.udp(IPAddress(127, 0, 0, 9), 53), nil, to: "127.0.0.1:5353")
            try fill(500)
            let handle = try Handle()
            var list = try self.handle.connectionEntries()
            _ = try list.next()
            try self.handle.flush()
            try unloadModules()
            // What was read before is still available.
            let error = #expect(throws: IPVSError.self) { while try list.next() != nil {} }
            #expect(error?.code == .ipvsUnavailable)
            let late = #expect(throws: IPVSError.self) { _ = try handle.connectionEntries() }
            #expect(late?.code == .ipvsUnavailable)
            #expect(late?.errno == ENOENT)
            // When the module is loaded again, the table is available again.
            _ = try handle.info()
            #expect(try entries(of: handle).isEmpty)
        }
    }
}

/// What is the same each time in an entry that a test makes.
private struct Form: Hashable {
    var transport: String
    var virtualServer: String
    var realServer: String
    var state: ConnectionEntry.State
    var isTemplate: Bool
    var mark: UInt32?
    var data: String?

    init(
        _ transport: String,
        _ virtualServer: String,
        _ realServer: String,
        _ state: ConnectionEntry.State,
        isTemplate: Bool = false,
        mark: UInt32? = nil,
        data: String? = nil
    ) {
        (self.transport, self.virtualServer, self.realServer) = (transport, virtualServer, realServer)
        (self.state, self.isTemplate, self.mark, self.data) = (state, isTemplate, mark, data)
    }

    init(_ entry: ConnectionEntry) {
        self.init(
            "\(entry.transport)",
            "\(entry.virtualServer)",
            "\(entry.realServer)",
            entry.state,
            isTemplate: entry.isTemplate,
            mark: entry.firewallMark,
            data: entry.persistence?.data
        )
    }
}

extension ConnectionEntry {
    /// What distinguishes it from all others.
    fileprivate var key: [String] { ["\(transport)", "\(client)", "\(virtualServer)", "\(realServer)", "\(state)"] }
}

extension TestNamespace {
    /// The entries that ipvsadm prints, without the remaining time, with one space between words.
    fileprivate func listed(_ options: String...) throws -> [String] {
        try ipvsadm(options.joined(separator: " ")).split(separator: "\n").dropFirst(2).map { line in
            let words = line.split(separator: " ")
            return ([words[0]] + words.dropFirst(2)).joined(separator: " ")
        }
    }
}

/// Clients of each kind, whose connections exist as long as this object.
private final class Clients {
    static let callID = "a84b4c76e66710@pc33.example"

    private var sockets: [Int32]

    init(_ namespace: TestNamespace) throws {
        let descriptor = namespace.descriptor
        sockets = try onThread {
            try #require(enterNamespace(descriptor) == 0)
            var sockets: [Int32] = []
            // A connection that no server accepts.
            sockets += [try listen("127.0.0.1", 8080), try listen("::1", 8080)]
            sockets.append(try connect("127.0.0.9", 80))
            sockets.append(try connect("fd00::1", 80))
            sockets.append(try connect("127.0.0.8", 8080, mark: 0x8000_0007))
            sockets.append(try connect("fd00::1", 8080, mark: 7))
            let invitation =
                "INVITE sip:bob@example SIP/2.0\r\nVia: SIP/2.0/UDP pc33\r\nCall-ID: \(Self.callID)\r\n"
                + "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
            for (text, port) in [("x", 53), (invitation, 5060), ("x", 99)] as [(String, UInt16)] {
                try sendDatagram(text, to: (127 << 24 | 9, port), from: (127 << 24 | 1, 0))
            }
            return sockets
        }
    }

    deinit { for socket in sockets.reversed() { resetAndClose(socket) } }
}

private func listen(_ address: String, _ port: UInt16) throws -> Int32 {
    let listener = try open(address)
    try withAddress(address, port) { Glibc.bind(listener, $0, $1) }
    guard Glibc.listen(listener, 16) == 0 else { throw TestFailure("listen: \(errno)") }
    return listener
}

private func connect(_ address: String, _ port: UInt16, mark: UInt32 = 0) throws -> Int32 {
    let client = try open(address)
    var mark = mark
    let size = socklen_t(MemoryLayout<UInt32>.size)
    guard setsockopt(client, SOL_SOCKET, SO_MARK, &mark, size) == 0 else { throw TestFailure("SO_MARK: \(errno)") }
    try withAddress(address, port) { Glibc.connect(client, $0, $1) }
    return client
}

private func open(_ address: String) throws -> Int32 {
    let family = address.contains(":") ? AF_INET6 : AF_INET
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw TestFailure("socket: \(errno)") }
    return descriptor
}

private func withAddress(
    _ address: String,
    _ port: UInt16,
    _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) throws {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address, "\(port)", &hints, &list) == 0, let found = list else { throw TestFailure(address) }
    defer { freeaddrinfo(list) }
    guard call(found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
        throw TestFailure("bind or connect to \(address): \(errno)")
    }
}
