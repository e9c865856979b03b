import CIPVS
import Glibc
import IPVSTestModels
import Testing

@testable import IPVS

@Suite("Streams of changes")
struct BatchStreamTests {
    /// Makes requests through the public calls of a stream.
    private func make(_ requests: [Request], _ changes: inout Handle.Batch.Stream) {
        for request in requests {
            switch request {
            case .addVirtualServer(let server): changes.add(server)
            case .updateVirtualServer(let server): changes.update(server)
            case .deleteVirtualServer(let id): changes.delete(id)
            case .addRealServer(let server, let id): changes.add(server, to: id)
            case .updateRealServer(let server, let id): changes.update(server, of: id)
            case .deleteRealServer(let endpoint, let id): changes.delete(endpoint, from: id)
            default: Issue.record("\(request) changes neither a virtual nor a real server")
            }
        }
    }

    private func random(_ count: Int, seed: UInt64) -> [Request] {
        var models = RandomModels(seed: seed)
        return (0..<count).map { _ in
            let server = models.virtualServer()
            let real = models.realServer(for: server.id)
            switch models.number(0...UInt8(6)) {
            case 0: return .addVirtualServer(server)
            case 1: return .updateVirtualServer(server)
            case 2: return .deleteVirtualServer(server.id)
            case 3: return .addRealServer(real, server.id)
            case 4: return .updateRealServer(real, server.id)
            case 5: return .deleteRealServer(real.endpoint, server.id)
            default: return .deleteVirtualServer(.firewallMark(0))
            }
        }
    }

    @Test("It sends the same as a batch, and reports the same", arguments: [1, 2, 3], [1, 7, 1_000])
    func likeABatch(seed: UInt64, capacity: Int) throws {
        let requests = random(2_000, seed: seed)
        let failing = Dictionary(uniqueKeysWithValues: stride(from: 2, to: 2_000, by: 5).map { ($0, EEXIST) })
        let (one, other) = (
            BatchKernel(answerCapacity: capacity, .failing(failing)),
            BatchKernel(answerCapacity: capacity, .failing(failing))
        )
        let outcome = try Handle(channel: one).perform { make(requests, &$0) }
        #expect(outcome == (try Handle(channel: other).perform(Handle.Batch(requests))))
        #expect(one.parts.map { $0.map(\.bytes) } == other.parts.map { $0.map(\.bytes) })
        #expect(outcome.failures.count > 200)
    }

    @Test("An error names the request as it was made, though the request is not kept")
    func errors() throws {
        let requests = random(500, seed: 9).filter { $0 != .deleteVirtualServer(.firewallMark(0)) }
        let kernel = BatchKernel(BatchKernel.Script(verdict: { _ in ENOMEM }))
        let outcome = try Handle(channel: kernel).perform { make(requests, &$0) }
        #expect(outcome.failures.map(\.error.operation) == requests.map { IPVSError.Operation($0) })
        #expect(outcome.succeeded == 0)
    }

    @Test("Changes are sent while more are added, and the handle can be used meanwhile")
    func interleaved() throws {
        let kernel = BatchKernel(answerCapacity: 2)
        let handle = try Handle(channel: kernel)
        let requests = Array(Handle.Batch.sample[..<5])
        let outcome = try handle.perform { changes in
            make(Array(requests[..<3]), &changes)
            // Two are sent. The third waits, and is sent after the change made in between.
            #expect(kernel.requests.count == 2)
            #expect((try? handle.perform(Handle.Batch([Handle.Batch.sample[5]])))?.failures.isEmpty == true)
            #expect((try? handle.perform { make([Handle.Batch.sample[6]], &$0) })?.succeeded == 1)
            make(Array(requests[3...]), &changes)
        }
        #expect(outcome.succeeded == 5)
        expectSent(kernel.requests, requests[..<2] + [Handle.Batch.sample[5], Handle.Batch.sample[6]] + requests[2...])
        #expect(Set(kernel.requests.map(\.sequence)).count == 7)
    }

    @Test("Without changes nothing is sent, even with a closed handle")
    func empty() throws {
        let kernel = BatchKernel()
        let handle = try Handle(channel: kernel)
        handle.close()
        let outcome = try handle.perform { _ in }
        #expect(outcome == Handle.Batch.Outcome(succeeded: 0, failures: []))
        #expect(kernel.parts.isEmpty)
    }

    @Test("A closed handle is reported once, for the first change that could have been made")
    func closed() throws {
        let handle = try Handle(channel: BatchKernel())
        handle.close()
        let refused = Request.deleteVirtualServer(.firewallMark(0))
        let error = try expectError(.handleClosed) {
            _ = try handle.perform { make([refused] + Handle.Batch.sample, &$0) }
        }
        #expect(error.operation == IPVSError.Operation(Handle.Batch.sample[0]))
    }
}
