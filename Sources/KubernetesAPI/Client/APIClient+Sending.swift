import AsyncHTTPClient
import FoundationEssentials
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

extension APIClient {
    /// An answer with success, whose body has not been read.
    struct Answer {
        let response: HTTPClientResponse

        /// They are not shut down as long as the body is read.
        let connections: HTTPConnections
    }

    /// Sends a request and returns the answer.
    func send(_ request: APIRequest) async throws(APIError) -> Answer {
        let access = try await access(request)
        var answer = try await attempt(request, access)
        if answer.response.status == .unauthorized, let other = try? await session.access(refused: access),
            other.differs(from: access)
        {
            answer = try await attempt(request, other)
        }
        let response = answer.response
        guard (200...299).contains(response.status.code) else {
            // What can be read of the body tells more, but is not needed.
            let body = try? await read(answer, request, limit: AnswerLimits.error, cutsOff: true)
            throw APIError(request, response.status, response.headers, body: body ?? Data())
        }
        return answer
    }

    /// Sends a request and reads the body of the answer.
    func body(_ request: APIRequest) async throws(APIError) -> Data {
        let start = ContinuousClock.now
        defer { metrics.took(.now - start, request) }
        return try await read(send(request), request, limit: AnswerLimits.body)
    }

    /// The error of an answer that is not what the API has.
    func malformed(_ request: APIRequest, _ reason: String) -> APIError {
        APIError(.malformedAnswer, "can't \(request.action): the server's answer is wrong: \(reason)")
    }

    private func access(_ request: APIRequest) async throws(APIError) -> ClientSession.Access {
        do {
            return try await session.access()
        } catch {
            throw APIError(error.code, "can't \(request.action): \(error.message)")
        }
    }

    private func attempt(_ request: APIRequest, _ access: ClientSession.Access) async throws(APIError) -> Answer {
        do {
            let response = try await access.connections.client.execute(
                request.http(configuration, authorization: access.authorization, userAgent: userAgent),
                timeout: TimeAmount(timeLimit)
            )
            metrics.answered(request, status: Int(response.status.code))
            return Answer(response: response, connections: access.connections)
        } catch {
            metrics.answered(request, status: nil)
            throw failure(request, error)
        }
    }

    /// The error of a request without an answer, or whose answer breaks off.
    func failure(_ request: APIRequest, _ error: any Error) -> APIError {
        Task.isCancelled
            ? APIError(request, CancellationError(), configuration.server)
            : APIError(request, error, configuration.server)
    }

    /// Reads a body, as long as each part of it comes in time.
    private func read(
        _ answer: Answer,
        _ request: APIRequest,
        limit: Int,
        cutsOff: Bool = false
    ) async throws(APIError) -> Data {
        let lastPart = LastPart()
        let timeLimit = timeLimit
        do {
            return try await withThrowingTaskGroup(of: Data?.self) { group in
                group.addTask {
                    try await Self.collect(answer.response.body, limit: limit, cutsOff: cutsOff) {
                        lastPart.came()
                    }
                }
                group.addTask {
                    while true {
                        let deadline = lastPart.time + timeLimit
                        guard deadline > .now else { throw HTTPClientError.readTimeout }
                        try await Task.sleep(until: deadline)
                    }
                }
                defer { group.cancelAll() }
                return try await group.next().flatMap { $0 } ?? Data()
            }
        } catch {
            throw failure(request, error)
        }
    }

    /// The bytes of a body. What is beyond the limit is an error, or is left out.
    private static func collect(
        _ body: HTTPClientResponse.Body,
        limit: Int,
        cutsOff: Bool,
        _ received: @Sendable () -> Void
    ) async throws -> Data {
        var data = Data()
        for try await part in body {
            received()
            data.append(contentsOf: part.readableBytesView)
            guard data.count <= limit else {
                guard cutsOff else { throw NIOTooManyBytesError(maxBytes: limit) }
                return data.prefix(limit)
            }
        }
        // A body ends without an error too if the task is cancelled.
        try Task.checkCancellation()
        return data
    }
}

/// When the last part of a body came.
private final class LastPart: Sendable {
    private let value = NIOLockedValueBox(ContinuousClock.now)

    var time: ContinuousClock.Instant { value.withLockedValue { $0 } }

    func came() { value.withLockedValue { $0 = .now } }
}
