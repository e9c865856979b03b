import CIPVS
import Dispatch
import Foundation
import IPVSTestModels
import Testing

@testable import IPVS

@Suite("A handle used by many threads")
struct ConcurrencyTests {
    /// Answers each request for a virtual server with one that has the requested firewall mark.
    private static func kernel() -> AnsweringChannel {
        AnsweringChannel { request in
            let service = request.attributes[IPVS_CMD_ATTR_SERVICE]?.attributes ?? [:]
            let mark = service[IPVS_SVC_ATTR_FWMARK]?.load(UInt32.self, at: 0) ?? 1
            let reply = VirtualServer(.firewallMark(mark), scheduler: .roundRobin).reply()
            switch request.command {
            case IPVS_CMD_GET_SERVICE: return [[.message(reply)], [.ack]]
            case IPVS_CMD_DEL_SERVICE: return mark.isMultiple(of: 2) ? [[.ack]] : [[.error(3)]]
            default: return [[.ack]]
            }
        }
    }

    @Test("Each call gets its own answer")
    func answers() throws {
        let channel = Self.kernel()
        do {
            let handle = try Handle(channel: channel)
            let wrong = Locked(0)
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                for number in 1...100 {
                    let id = VirtualServer.Identity.firewallMark(UInt32(thread * 1_000 + number))
                    let status = try? handle.virtualServer(id)
                    if status?.server.id != id { wrong.withLock { $0 += 1 } }
                    var code: IPVSError.Code?
                    do throws(IPVSError) { try handle.delete(id) } catch { code = error.code }
                    if code != (number.isMultiple(of: 2) ? nil : .virtualServerNotFound) { wrong.withLock { $0 += 1 } }
                }
            }
            #expect(wrong.withLock { $0 } == 0)
            #expect(channel.closeCount == 0)
        }
        #expect(channel.closeCount == 1)
    }

    @Test("Tasks share a handle")
    func tasks() async throws {
        let handle = try Handle(channel: Self.kernel())
        let marks = try await withThrowingTaskGroup(of: VirtualServer.Identity?.self) { group in
            for mark in 1...50 as ClosedRange<UInt32> {
                group.addTask { try handle.virtualServer(.firewallMark(mark))?.server.id }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(marks) == Set((1...50).map { VirtualServer.Identity.firewallMark($0) }))
    }

    @Test("After another thread closes a handle, calls throw an error, and the channel is closed once")
    func closing() throws {
        let channel = Self.kernel()
        let handle = try Handle(channel: channel)
        let started = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        let codes = Locked<[IPVSError.Code]>([])
        for _ in 0..<4 {
            // On separate threads: a queue may wait for one block to end before it starts another.
            Thread.detachNewThread {
                do throws(IPVSError) {
                    try handle.flush()
                    started.signal()
                    while true { try handle.flush() }
                } catch { codes.withLock { $0.append(error.code) } }
                ended.signal()
            }
        }
        for _ in 0..<4 { started.wait() }
        for _ in 0..<3 { handle.close() }
        for _ in 0..<4 { ended.wait() }
        #expect(codes.withLock { $0 } == Array(repeating: .handleClosed, count: 4))
        #expect(channel.closeCount == 1)
    }
}
