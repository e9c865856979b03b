import CIPVS
import Glibc

extension Connection {
    /// Why one request of a batch did not succeed, or may not have.
    struct BatchFailure {
        enum Reason {
            case invalid(InvalidValue)
            case failed(Failure)
        }

        let index: Int
        let reason: Reason
    }

    /// Makes requests in their order, as many at a time as a system call takes, and returns those that did not succeed.
    ///
    /// A request that fails does not keep the kernel from those after it. The kernel answers each that failed, and the
    /// last of a system call in any case; so no answer is good news only when that last one has come and nothing was
    /// dropped. Else the requests without an answer are of unknown outcome.
    ///
    /// Throws if nothing could be sent at all. What keeps later parts from being sent is the failure of their requests.
    mutating func perform(_ batch: [Request]) throws(Failure) -> [BatchFailure] {
        var type = try knownFamily()
        var failures: [BatchFailure] = []
        var part = BatchPart()
        var next = 0
        while true {
            let start = next
            do throws(Failure) {
                try fill(&part, from: batch, &next, type: type, &failures)
                guard !part.indices.isEmpty else { return failures }
                try sendRequests()
                readVerdicts(&part)
                if part.isPerhapsVoid, try resolveFamily() != type {
                    // The module was unloaded, and the table with it, and loaded again: what was sent is void.
                    type = try knownFamily()
                    failures.removeAll { $0.index >= start }
                    next = start
                    continue
                }
            } catch {
                guard start > 0 else { throw error }
                failures.removeAll { $0.index >= start }
                return failures + (start..<batch.count).map { BatchFailure(index: $0, reason: .failed(error)) }
            }
            failures += part.failures
        }
    }

    /// Fills the buffer from the next request on, as far as it goes.
    private mutating func fill(
        _ part: inout BatchPart,
        from batch: [Request],
        _ next: inout Int,
        type: UInt16,
        _ failures: inout [BatchFailure]
    ) throws(Failure) {
        guard let channel else { throw .closed }
        requests.removeAll()
        part.begin(at: sequence)
        while next < batch.count, part.indices.count < channel.answerCapacity {
            do throws(InvalidValue) {
                try batch[next].validate()
            } catch {
                failures.append(BatchFailure(index: next, reason: .invalid(error)))
                next += 1
                continue
            }
            let (flags, number) = (UInt16(NLM_F_REQUEST), sequence &+ 1)
            guard requests.append(batch[next], flags: flags, type: type, sequence: number, port: channel.port) else {
                break
            }
            _ = nextSequence()
            part.indices.append(next)
            next += 1
        }
        guard !part.indices.isEmpty || next == batch.count else {
            throw .outOfMemory
        }
        requests.requireLastAnswer()
    }

    /// Reads the kernel's answers to what was sent last, to the one that always comes.
    private mutating func readVerdicts(_ part: inout BatchPart) {
        var isCertain = true
        while !part.isAnswered {
            do throws(Failure) {
                let datagram = try receive(wait: isCertain)
                guard datagram.sender == 0, let port = channel?.port else { continue }
                withReceived(datagram) { part.read($0, port: port) }
                if part.isMalformed { isCertain = false }
            } catch .system(let error) where error.errno == ENOBUFS {
                isCertain = false
            } catch {
                isCertain = false
                break
            }
        }
        if !isCertain { part.doubtTheRest() }
    }
}

/// What one system call sends of a batch, and what the kernel says of it.
private struct BatchPart {
    /// Which requests of the batch are in it, in the order of their sequence numbers.
    var indices: [Int] = []
    private(set) var failures: [Connection.BatchFailure] = []
    private(set) var isAnswered = false
    private(set) var isMalformed = false
    private var sequence: UInt32 = 0

    /// Begins a new part whose first request has the number after `sequence`.
    mutating func begin(at sequence: UInt32) {
        indices.removeAll(keepingCapacity: true)
        failures.removeAll()
        (isAnswered, isMalformed) = (false, false)
        self.sequence = sequence
    }

    /// Whether the kernel may have had no IPVS by this number: then it finds nothing for any request. The module can't
    /// go while the kernel reads what one system call sent.
    var isPerhapsVoid: Bool {
        failures.count == indices.count && failures.contains { $0.isNotFound }
            && failures.allSatisfy { $0.isNotFound || $0.isLost }
    }

    /// Takes from a datagram what is an answer to one of its requests.
    mutating func read(_ bytes: RawSpan, port: UInt32) {
        do throws(MalformedReply) {
            var cursor = NetlinkCursor()
            while let message = try cursor.next(in: bytes) {
                let place = Int(message.sequence &- sequence &- 1)
                guard message.port == port, place < indices.count, Int32(message.type) == NLMSG_ERROR else { continue }
                let answer = try KernelAnswer(message, in: bytes)
                if answer.errno != 0 { fail(indices[place], .kernel(answer)) }
                if place == indices.count - 1 { isAnswered = true }
            }
        } catch {
            isMalformed = true
        }
    }

    /// Counts the requests that had no answer as of unknown outcome.
    mutating func doubtTheRest() {
        let failed = Set(failures.map(\.index))
        // If the last one has not failed, its answer was that it succeeded.
        for index in isAnswered ? indices.dropLast() : indices[...] where !failed.contains(index) {
            fail(index, .answerLost)
        }
    }

    private mutating func fail(_ index: Int, _ failure: Connection.Failure) {
        failures.append(Connection.BatchFailure(index: index, reason: .failed(failure)))
    }
}

extension Connection.BatchFailure {
    fileprivate var isNotFound: Bool {
        if case .failed(.kernel(let answer)) = reason { answer.errno == ENOENT } else { false }
    }

    fileprivate var isLost: Bool {
        if case .failed(.answerLost) = reason { true } else { false }
    }
}
