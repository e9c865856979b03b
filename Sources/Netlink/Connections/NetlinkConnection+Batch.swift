import CNetlinkShim

extension NetlinkConnection {
    /// A request that failed or may have failed: its position among the requests that were sent with it, and the
    /// reason.
    public typealias BatchFailure = (place: Int, reason: Failure)

    /// Sends the requests of a buffer with one system call, and returns those that did not succeed.
    ///
    /// A request that fails does not stop the following ones. The kernel answers each request that failed, and always
    /// the last one of a system call. So a request without an answer has succeeded only if the last answer has arrived
    /// and no answer was dropped. Otherwise its outcome is unknown.
    ///
    /// - Parameters:
    ///   - batch: The requests.
    ///   - type: The message type of all requests, or nil if each has its own.
    /// - Returns: The requests that failed or may have failed, in their order.
    /// - Throws: ``Failure`` if nothing could be sent.
    public mutating func sendBatch(
        _ batch: inout RequestBuffer,
        type: UInt16? = nil
    ) throws(Failure) -> [BatchFailure] {
        let before = try send(&batch, type: type)
        var verdicts = BatchVerdicts(after: before, count: batch.count)
        read(&verdicts, port: channel?.port ?? 0)
        return verdicts.failures.sorted { $0.place < $1.place }
    }

    /// Reads the kernel's answers to the last batch, up to the last one, which the kernel always sends.
    private func read(_ verdicts: inout BatchVerdicts, port: UInt32) {
        var isCertain = true
        while !verdicts.isAnswered {
            do throws(Failure) {
                let datagram = try receive(wait: isCertain)
                guard datagram.sender == 0 else { continue }
                withReceived(datagram) { verdicts.read($0, port: port) }
                // What did not fit may have been the answers to others.
                if verdicts.isMalformed || datagram.length > buffer.size { isCertain = false }
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

/// The kernel's answers to the requests of one system call.
private struct BatchVerdicts {
    private(set) var failures: [NetlinkConnection.BatchFailure] = []
    private(set) var isAnswered = false
    private(set) var isMalformed = false

    /// The requests that have failed. Only the first answer to a request counts.
    private var failed: Set<Int> = []
    private let sequence: UInt32
    private let count: Int

    /// No answers yet for `count` requests, which have the sequence numbers after `sequence`.
    init(after sequence: UInt32, count: Int) {
        (self.sequence, self.count) = (sequence, count)
    }

    /// Reads the messages of a datagram that are answers to one of the requests.
    mutating func read(_ bytes: RawSpan, port: UInt32) {
        do throws(MalformedReply) {
            var cursor = NetlinkCursor()
            while let message = try cursor.next(in: bytes) {
                let place = Int(message.sequence &- sequence &- 1)
                guard message.port == port, place < count, Int32(message.type) == NLMSG_ERROR else { continue }
                let answer = try KernelAnswer(message, in: bytes)
                if answer.errno != 0, failed.insert(place).inserted { failures.append((place, .kernel(answer))) }
                if place == count - 1 { isAnswered = true }
            }
        } catch {
            isMalformed = true
        }
    }

    /// Records an unknown outcome for the requests without an answer.
    mutating func doubtTheRest() {
        // If the last one was answered and has not failed, it has succeeded.
        for place in 0..<(isAnswered ? count - 1 : count) where !failed.contains(place) {
            failures.append((place, .answerLost))
        }
    }
}
