internal import NIOCore
internal import NIOHTTP1

/// A request's answer on its way: all that is sent goes through here, and faults act here.
///
/// It belongs to the connection's event loop.
final class Exchange {
    private let handler: ConnectionHandler
    private let faults: [Fault.Kind]
    private var isOver = false
    private var isWhole = false
    private var sentBytes = 0
    private var paced: CircularBuffer<HTTPServerResponsePart> = []

    /// What is done when the connection is closed, or the answer has ended.
    var onEnd: (() -> Void)?

    /// What is done when more can be sent.
    var onWritable: (() -> Void)?

    init(_ handler: ConnectionHandler, faults: [Fault.Kind] = []) {
        self.handler = handler
        self.faults = faults
    }

    /// Whether more can be sent without filling the memory.
    var isWritable: Bool { !isOver && handler.isWritable && paced.count < 64 }

    /// Sends a whole answer.
    func answer(_ answer: HTTPAnswer) {
        var answer = answer
        if cutsAnswerShort {
            // Such an answer is whole for HTTP, though its end is missing.
            answer.headers.add(name: "Transfer-Encoding", value: "chunked")
        } else {
            answer.headers.add(name: "Content-Length", value: String(answer.body.readableBytes))
        }
        // The compressor never ends if it is flushed before the body.
        isWhole = true
        begin(status: answer.status, headers: answer.headers)
        send(answer.body)
        end()
    }

    /// Begins an answer.
    func begin(status: HTTPResponseStatus, headers: HTTPHeaders) {
        if isHit(by: .closeBeforeHead) { return breakOff() }
        if isHit(by: .hangBeforeHead) { return hang() }
        transmit(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        if isHit(by: .closeAfterHead) { breakOff() }
    }

    /// Sends a part of the body.
    func send(_ buffer: ByteBuffer) {
        guard !isOver, buffer.readableBytes > 0 else { return }
        let limit = bodyLimit
        let allowed = limit.map { $0.bytes - sentBytes } ?? .max
        sentBytes += buffer.readableBytes
        guard let limit, buffer.readableBytes >= allowed else { return transmit(.body(.byteBuffer(buffer))) }
        if let part = buffer.getSlice(at: buffer.readerIndex, length: allowed) { transmit(.body(.byteBuffer(part))) }
        switch limit.then {
        case .close: breakOff()
        case .hang: hang()
        case .end: end()
        }
    }

    /// Ends the answer.
    func end() {
        guard !isOver else { return }
        transmit(.end(nil))
        if paced.isEmpty { finish() }
    }

    /// Sends nothing more, and leaves the connection open.
    func hang() {
        handler.flush()
        isOver = true
        paced.removeAll()
    }

    /// Closes the connection as if the server had died.
    func breakOff() {
        handler.flush()
        isOver = true
        handler.close()
    }

    /// The connection was closed.
    func closed() {
        isOver = true
        paced.removeAll()
        onEnd?()
        onEnd = nil
    }

    private func finish() {
        isOver = true
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?()
        handler.finished()
    }
}

// Faults.
extension Exchange {
    private func isHit(by kind: Fault.Kind) -> Bool { faults.contains(kind) }

    private var bodyLimit: (bytes: Int, then: Fault.Cut)? {
        for case .cut(let bytes, let then) in faults { return (bytes, then) }
        return nil
    }

    private var cutsAnswerShort: Bool { bodyLimit?.then == .end }

    private var pace: (bytes: Int, interval: TimeAmount)? {
        for case .slow(let bytes, let interval) in faults { return (bytes, TimeAmount(interval)) }
        return nil
    }

    private func transmit(_ part: HTTPServerResponsePart) {
        guard let pace else {
            handler.transmit(part)
            if case .end = part { handler.flush() } else if !isWhole { handler.flush() }
            return
        }
        let wasEmpty = paced.isEmpty
        if case .body(.byteBuffer(var buffer)) = part {
            while let slice = buffer.readSlice(length: min(pace.bytes, buffer.readableBytes)), slice.readableBytes > 0 {
                paced.append(.body(.byteBuffer(slice)))
            }
        } else {
            paced.append(part)
        }
        if wasEmpty { transmitNext(every: pace.interval) }
    }

    private func transmitNext(every interval: TimeAmount) {
        handler.eventLoop.assumeIsolated().scheduleTask(in: interval) { [self] in
            guard let part = paced.popFirst() else { return }
            handler.transmit(part)
            handler.flush()
            if case .end = part { return finish() }
            if paced.isEmpty { onWritable?() } else { transmitNext(every: interval) }
        }
    }
}
