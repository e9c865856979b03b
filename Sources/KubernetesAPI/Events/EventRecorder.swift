import FoundationEssentials
public import Logging

/// Reports what happens to objects as events, which `kubectl describe` and `kubectl get events` show.
///
///     let recorder = EventRecorder(client, controller: "kube-proxy", instance: "kube-proxy-node-1", logger: logger)
///     recorder.record(occurrence)
///     await recorder.run()
///
/// Nothing waits for it: what can't be sent for some minutes, or comes faster than it can be sent, is dropped. What happens
/// again within some minutes becomes a series of the first event.
public actor EventRecorder {
    /// How long something is remembered that may happen again.
    private static let memory = Duration.seconds(360)

    /// How often it is tried to send an event.
    private static let tries = 12

    /// How many events can wait.
    private static let queueLength = 1_000

    private let sink: any EventSink
    private let controller: String
    private let instance: String
    private let logger: Logger
    private let retryDelay: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let queue: AsyncStream<EventsV1.Occurrence>
    private nonisolated let entry: AsyncStream<EventsV1.Occurrence>.Continuation

    private var recent: [EventsV1.Occurrence: Recent] = [:]
    private var budgets: [ObjectReference: EventBudget] = [:]

    /// Whether the last event could not be sent, which was logged.
    private var isFailing = false

    /// An event that was sent, and may happen again.
    private struct Recent {
        var event: EventsV1.Event
        var lastSeen: ContinuousClock.Instant

        /// The count that the server knows.
        var sentCount = 1
    }

    /// A recorder, which sends nothing before ``run()``.
    ///
    /// - Parameters:
    ///   - sink: The API server.
    ///   - controller: The program that reports, such as `kube-proxy`.
    ///   - instance: Which of these programs reports, such as `kube-proxy-node-1`.
    ///   - logger: Where it says that events can't be sent.
    public init(_ sink: any EventSink, controller: String, instance: String, logger: Logger) {
        self.init(sink, controller: controller, instance: instance, logger: logger, retryDelay: .seconds(10)) { .now }
    }

    init(
        _ sink: any EventSink,
        controller: String,
        instance: String,
        logger: Logger,
        retryDelay: Duration,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        (self.sink, self.controller, self.instance, self.logger) = (sink, controller, instance, logger)
        (self.retryDelay, self.now) = (retryDelay, now)
        (queue, entry) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.queueLength))
    }

    /// Reports what has happened. It returns at once.
    ///
    /// - Parameter occurrence: What has happened.
    public nonisolated func record(_ occurrence: EventsV1.Occurrence) { entry.yield(occurrence) }

    /// Sends events until the task is cancelled. It must not be called twice.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { for await occurrence in self.queue { await self.take(occurrence) } }
            group.addTask {
                while (try? await Task.sleep(for: .seconds(60))) != nil { await self.finishSeries() }
            }
        }
    }

    private func take(_ occurrence: EventsV1.Occurrence) async {
        var occurrence = occurrence
        occurrence.note = occurrence.note.cut(toBytes: 1_024)
        let instant = now()
        if var known = recent[occurrence], known.lastSeen.duration(to: instant) < Self.memory {
            known.lastSeen = instant
            known.event.series = EventsV1.Series(
                count: (known.event.series?.count ?? 1) + 1,
                lastObservedTime: Date.now.microTime
            )
            // The first time, so that it is seen to go on. Further ones are counted, and sent at the end.
            let isFirst = known.sentCount == 1
            if isFirst { known.sentCount = 2 }
            recent[occurrence] = known
            if isFirst { await send(known.event) }
            return
        }
        guard budgets[occurrence.regarding, default: EventBudget(at: instant)].take(at: instant) else { return }
        let date = Date.now
        let object = occurrence.regarding
        let nanoseconds = UInt64(max(0, date.timeIntervalSince1970) * 1e9)
        let event = EventsV1.Event(
            name: ObjectName(
                object.namespace.isEmpty ? "default" : object.namespace,
                "\(object.name).\(String(nanoseconds, radix: 16))"
            ),
            occurrence: occurrence,
            eventTime: date.microTime,
            reportingController: controller,
            reportingInstance: instance
        )
        if await send(event) { recent[occurrence] = Recent(event: event, lastSeen: instant) }
    }

    /// Says how often what no longer happens has happened, and forgets it.
    func finishSeries() async {
        let instant = now()
        for (occurrence, known) in recent where known.lastSeen.duration(to: instant) >= Self.memory {
            recent[occurrence] = nil
            if let series = known.event.series, series.count > known.sentCount { await send(known.event) }
        }
        budgets = budgets.filter { !$0.value.isFull(at: instant) }
    }

    /// Sends an event, again and again if that can help.
    ///
    /// - Returns: Whether the server has it.
    @discardableResult
    private func send(_ event: EventsV1.Event) async -> Bool {
        for attempt in 1...Self.tries {
            do throws(APIError) {
                try await sendOnce(event)
                isFailing = false
                return true
            } catch {
                if Task.isCancelled { return false }
                if !isFailing {
                    isFailing = true
                    logger.warning("the event \(event.name) can't be sent: \(error)")
                }
                guard error.mayPass, attempt < Self.tries else { return false }
                try? await Task.sleep(for: max(retryDelay * Double.random(in: 1..<1.25), error.retryAfter ?? .zero))
            }
        }
        return false
    }

    private func sendOnce(_ event: EventsV1.Event) async throws(APIError) {
        guard let series = event.series else { return try await sink.create(event) }
        do throws(APIError) {
            try await sink.update(event.name, series)
        } catch  where error.code == .notFound {
            // The server keeps events for an hour.
            try await sink.create(event)
        }
    }
}

extension APIError {
    /// Whether the same request may succeed later.
    fileprivate var mayPass: Bool {
        [.disconnected, .timedOut, .tooManyRequests, .serverFailure].contains(code)
    }
}

extension String {
    /// The longest beginning that has no more bytes, and ends with a whole character.
    fileprivate func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var text = Substring(self)
        while text.utf8.count > limit { text.removeLast() }
        return String(text)
    }
}

extension Date {
    /// The time in the format of RFC 3339 with six digits after the second, which is `meta/v1.MicroTime`.
    fileprivate var microTime: String {
        let microseconds = Int64((timeIntervalSince1970 * 1e6).rounded(.down))
        let second = Date(timeIntervalSince1970: Double(microseconds / 1_000_000)).formatted(.iso8601)
        let fraction = String(microseconds % 1_000_000)
        return second.dropLast() + "." + String(repeating: "0", count: 6 - fraction.count) + fraction + "Z"
    }
}
