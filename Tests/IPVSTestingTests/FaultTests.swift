import CIPVS
import Glibc
import IPVS
import IPVSTesting
import Testing

/// An operation of a handle, and whether it changes something.
private struct Operation: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var isRead = false
    let body: @Sendable (Handle) throws -> Void

    static let all: [Operation] = [
        Operation(testDescription: "add a virtual server") { try $0.add(dns) },
        Operation(testDescription: "update a real server") { try $0.update(real, of: web.id) },
        Operation(testDescription: "delete a virtual server") { try $0.delete(web.id) },
        Operation(testDescription: "flush") { try $0.flush() },
        Operation(testDescription: "set timeouts") { try $0.setTimeouts(Timeouts(tcp: 5)) },
        Operation(testDescription: "read a virtual server", isRead: true) { (handle) throws in
            #expect(try handle.virtualServer(web.id)?.server == web)
        },
        Operation(testDescription: "list virtual servers", isRead: true) { (handle) throws in
            #expect(try handle.virtualServers().map(\.server) == [web])
        },
        Operation(testDescription: "list real servers", isRead: true) { (handle) throws in
            #expect(try handle.realServers(of: web.id).map(\.server) == [real])
        },
        Operation(testDescription: "read the table", isRead: true) { (handle) throws in
            #expect(try handle.table() == Table([Table.Entry(web, realServers: [real])]))
        },
        Operation(testDescription: "read timeouts", isRead: true) { (handle) throws in
            #expect(try handle.timeouts().tcp == 900)
        },
        Operation(testDescription: "read the version", isRead: true) { (handle) throws in
            #expect(try handle.info().version.major == 1)
        },
    ]
}

@Suite("Faults")
struct FaultTests {
    let kernel = InMemoryKernel()
    let handle: Handle

    init() throws {
        handle = try Handle(testing: kernel)
        try handle.add(web)
        try handle.add(real, to: web.id)
    }

    @Test("An errno is reported, and nothing is changed", arguments: Operation.all)
    private func errno(_ operation: Operation) throws {
        kernel.inject(.errno(ENOMEM))
        let before = kernel.table
        expectError(.system, errno: ENOMEM) { try operation.body(handle) }
        #expect(kernel.table == before)
        #expect(try handle.table() == before)
    }

    @Test("A fault in the middle of a batch")
    func batch() throws {
        let servers = (1...9).map { RealServer(IPAddress(10, 1, 1, $0), 80, forwarding: .masquerade) }
        kernel.inject(.errno(ENOMEM), at: 3)
        kernel.inject(.errno(EPERM), where: { $0 == .addRealServer(servers[6], to: web.id) })
        let outcome = try handle.perform { batch in for server in servers { batch.add(server, to: web.id) } }
        #expect(outcome.succeeded == 7)
        #expect(outcome.failures.map(\.index) == [2, 6])
        #expect(outcome.failures.map(\.error.code) == [.system, .permissionDenied])
        #expect(kernel.table[web.id]?.realServers.count == 8)
    }

    @Test("A batch whose last answer is lost has no known outcome, and all of its effects")
    func lostBatch() throws {
        kernel.inject(.lostAnswer, at: 2)
        let outcome = try handle.perform { batch in
            batch.add(dns)
            batch.add(six)
        }
        #expect(outcome.failures.map(\.error.code) == [.answerLost, .answerLost])
        #expect(kernel.table.count == 3)
    }

    @Test("A list that changes while it is read is read once more", arguments: [1, 2])
    func changedList(times: Int) throws {
        kernel.inject(.changedList, times: times) { $0.isChange == false }
        if times == 1 {
            #expect(try handle.virtualServers().map(\.server) == [web])
        } else {
            expectError(.tableChanging) { _ = try handle.virtualServers() }
        }
        #expect(try handle.virtualServers().map(\.server) == [web])
    }

    @Test("A list that has an entry twice and lacks another is read again, until it does not", arguments: [1, 4, 5])
    func movedEntries(times: Int) throws {
        try handle.add(dns)
        try handle.add(tunnel, to: web.id)
        let lists: [(Handle) throws -> Bool] = [
            { Set(try $0.virtualServers().map(\.server.id)) == [web.id, dns.id] },
            { Set(try $0.realServers(of: web.id).map(\.server.endpoint)) == [real.endpoint, tunnel.endpoint] },
        ]
        for isRight in lists {
            kernel.inject(.movedEntries, times: times) { $0.isChange == false }
            if times < 5 {
                #expect(try isRight(handle))
            } else {
                expectError(.tableChanging) { _ = try isRight(handle) }
            }
            #expect(try isRight(handle))
        }
        kernel.inject(.movedEntries)
        #expect(try handle.table() == kernel.table)
    }

    @Test("A late answer is waited for")
    func delay() throws {
        let time: Duration = .milliseconds(30)
        kernel.inject(.delay(time))
        let taken = try ContinuousClock().measure { try handle.flush() }
        #expect(taken >= time)
    }

    @Test("Faults are counted, repeated and removed")
    func planning() throws {
        kernel.inject(.errno(ENOMEM), times: 2, where: \.isChange)
        _ = try handle.virtualServers()
        for _ in 0..<2 { expectError(.system) { try handle.flush() } }
        try handle.flush()
        kernel.inject(.errno(ENOMEM))
        kernel.removeFaults()
        try handle.flush()
    }
}
