import CNetlinkShim

extension NetlinkConnection {
    /// A request that did not succeed, or may not have: its place among those that were sent with it, and why.
    public typealias BatchFailure = (place: Int, reason: Failure)

    /// Sends what a buffer holds with one system call, as requests of a type or of their own if that is nil, and returns
    /// those that did not succeed.
    ///
    /// A request that fails does not keep the kernel from those after it. The kernel answers each that failed, and the
    /// last of a system call in any case; so no answer is good news only when that last one has come and nothing was
    /// dropped. Else the requests without an answer are of unknown outcome.
    ///
    /// Throws if nothing could be sent.
    public mutating func sendBatch(
        _ batch: inout RequestBuffer,
        type: UInt16? = nil
    ) throws(Failure) -> [BatchFailure] {
        let before = try send(&batch, type: type)
        var verdicts = BatchVerdicts(after: before, count: batch.count)
        read(&verdicts, port: channel?.port ?? 0)
        return verdicts.failures.sorted { $0.place < $1.place }
    }

    /// Reads the kernel's answers to what was sent last, to the one that always comes.
    private func read(_ verdicts: inout BatchVerdicts, port: UInt32) {
        var isCertain = true
        while !verdicts.isAnswered {
            do throws(Failure) {
                let datagram = try receive(wait: isCertain)
                guard datagram.sender == 0 else { continue }
                withReceived(datagram) { verdicts.read($0, port: port) }
                if verdicts.isMalformed { isCertain = false }
            } catch .system(let error) where error.errno == ENOBUFS {
                isCertain = false
            } catch {
                isCertain = false
                break
            }
        }
        if !isCertain { verdicts.doubtTheRest() }
    }
}

/// What the kernel says of requests that one system call sent.
private struct BatchVerdicts {
    private(set) var failures: [NetlinkConnection.BatchFailure] = []
    private(set) var isAnswered = false
    private(set) var isMalformed = false
    private let sequence: UInt32
    private let count: Int

    /// None yet for so many requests, which have the numbers after `sequence`.
    init(after sequence: UInt32, count: Int) {
        (self.sequence, self.count) = (sequence, count)
    }

    /// Takes from a datagram what is an answer to one of the requests.
    mutating func read(_ bytes: RawSpan, port: UInt32) {
        do throws(MalformedReply) {
            var cursor = NetlinkCursor()
            while let message = try cursor.next(in: bytes) {
                let place = Int(message.sequence &- sequence &- 1)
                guard message.port == port, place < count, Int32(message.type) == NLMSG_ERROR else { continue }
                let answer = try KernelAnswer(message, in: bytes)
                if answer.errno != 0 { failures.append((place, .kernel(answer))) }
                if place == count - 1 { isAnswered = true }
            }
        } catch {
            isMalformed = true
        }
    }

    /// Counts the requests that had no answer as of unknown outcome.
    mutating func doubtTheRest() {
        let failed = Set(failures.map(\.place))
        // If the last one has not failed, its answer was that it succeeded.
        for place in 0..<(isAnswered ? count - 1 : count) where !failed.contains(place) {
            failures.append((place, .answerLost))
        }
    }
}
