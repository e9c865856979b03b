/// Where an event recorder sends its events.
public protocol EventSink: Sendable {
    /// Creates an event.
    func create(_ event: EventsV1.Event) async throws(APIError)

    /// Says how often an event has happened.
    func update(_ name: ObjectName, _ series: EventsV1.Series) async throws(APIError)
}

extension APIClient: EventSink {
    /// Creates an event.
    ///
    /// - Parameter event: The event.
    /// - Throws: ``APIError`` if the server does not create it.
    public func create(_ event: EventsV1.Event) async throws(APIError) {
        try await create(event, as: EventsV1.events, in: event.name.namespace)
    }

    /// Says how often an event has happened.
    ///
    /// - Parameters:
    ///   - name: The event's name.
    ///   - series: How often it has happened.
    /// - Throws: ``APIError`` if the server does not change it.
    public func update(_ name: ObjectName, _ series: EventsV1.Series) async throws(APIError) {
        try await patch(name, of: EventsV1.events, with: ["series": series])
    }
}
