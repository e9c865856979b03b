import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import VisibleText

extension APIClient {
    /// Begins to watch objects. It returns once the server has answered.
    ///
    /// The events have no time limit. Cancellation of the task that iterates over them closes the connection at once, and so does
    /// the end of their last reference.
    ///
    /// - Parameters:
    ///   - type: The type of the objects.
    ///   - options: Which objects, and from when.
    /// - Returns: The events. They end when the server ends the watch.
    /// - Throws: ``APIError`` if there is no answer, or it is not a watch.
    public func watch<Object: KubernetesObject>(
        _ type: Object.Type,
        _ options: WatchOptions = WatchOptions()
    ) async throws(APIError) -> WatchEvents<Object> {
        let request = APIRequest(watch: type, options)
        let stream = WatchStream<Object>(self, request, try await send(request))
        return WatchEvents { () async throws(APIError) in try await stream.next() }
    }
}

/// The events of a watch as they come in.
///
/// Only one task at a time may ask for the next event, as with any sequence.
private final class WatchStream<Object: KubernetesObject>: @unchecked Sendable {
    private let client: APIClient
    private let request: APIRequest
    private let connections: HTTPConnections
    private let decoder = JSONDecoder()
    private var lines = LineSplitter(limit: AnswerLimits.event)
    private var body: HTTPClientResponse.Body.AsyncIterator?

    init(_ client: APIClient, _ request: APIRequest, _ answer: APIClient.Answer) {
        self.client = client
        self.request = request
        connections = answer.connections
        body = answer.response.body.makeAsyncIterator()
    }

    /// The next event; nil if the server has ended the watch.
    func next() async throws(APIError) -> WatchEvent<Object>? {
        do {
            while true {
                while let line = try nextLine() {
                    if let event = try event(line) { return event }
                }
                guard let part = try await nextPart() else { break }
                lines.append(part)
            }
        } catch {
            // Nothing follows an error, and the connection is closed with the iterator.
            body = nil
            throw error
        }
        body = nil
        guard !lines.hasRest else {
            throw APIError(.disconnected, "can't \(request.action): the stream ended in the middle of an event")
        }
        return nil
    }

    private func nextPart() async throws(APIError) -> ByteBuffer? {
        do {
            // A stream ends without an error too if the task is cancelled.
            let part = try await body?.next()
            try Task.checkCancellation()
            return part
        } catch {
            throw client.failure(request, error)
        }
    }

    private func nextLine() throws(APIError) -> ByteBuffer? {
        do {
            return try lines.next()
        } catch {
            throw client.malformed(request, "an event has more than \(AnswerLimits.event >> 20) MiB")
        }
    }

    /// The event that a line has; nil for a line without one.
    private func event(_ line: ByteBuffer) throws(APIError) -> WatchEvent<Object>? {
        guard line.readableBytes > 0 else { return nil }
        let event: RawWatchEvent<Object>
        do {
            event = try decoder.decode(RawWatchEvent<Object>.self, from: Data(line.readableBytesView))
        } catch {
            let reason = (error as? DecodingError)?.placeWithoutValue ?? "it can't be decoded"
            throw client.malformed(request, "an event: \(reason)")
        }
        switch event {
        case .event(let event): return event
        case .error(let status): throw APIError(request, status)
        case .unknown(let type):
            throw client.malformed(request, "an event has the unknown type \(type.visible(upTo: 60))")
        }
    }
}
