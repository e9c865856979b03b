/// The objects of the group `events.k8s.io`, version `v1`.
public enum EventsV1 {
    /// Where an API server has events.
    public static let events = Resource(group: "events.k8s.io", version: "v1", plural: "events", kind: "Event")
}

extension EventsV1 {
    /// Whether something is as it should be.
    public enum EventType: String, Hashable, Sendable, Encodable {
        /// All is well.
        case normal = "Normal"

        /// Somebody should know.
        case warning = "Warning"
    }

    /// What happened to an object.
    public struct Occurrence: Hashable, Sendable {
        /// The object.
        public var regarding: ObjectReference

        /// Whether all is well.
        public var type: EventType

        /// Why it was reported, as a word for programs, such as `InvalidEndpoint`.
        public var reason: String

        /// What was done, as a word for programs, such as `Sync`.
        public var action: String

        /// A sentence for people. An API server takes up to 1,024 bytes; what is longer is cut.
        public var note: String

        /// What happened.
        ///
        /// - Parameters:
        ///   - regarding: The object.
        ///   - type: Whether all is well.
        ///   - reason: Why it was reported, as a word for programs.
        ///   - action: What was done, as a word for programs.
        ///   - note: A sentence for people.
        public init(regarding: ObjectReference, type: EventType, reason: String, action: String, note: String) {
            self.regarding = regarding
            self.type = type
            self.reason = reason
            self.action = action
            self.note = note
        }
    }

    /// How often something has happened again.
    public struct Series: Hashable, Sendable, Encodable {
        /// How often it has happened in all.
        public var count: Int

        /// When it happened last, in the format of RFC 3339 with microseconds.
        public var lastObservedTime: String
    }

    /// An event as an API server stores it.
    public struct Event: Hashable, Sendable {
        /// Its name, of which the namespace is that of the object, or `default` if the object has none.
        public var name: ObjectName

        /// What happened.
        public var occurrence: Occurrence

        /// When it happened first, in the format of RFC 3339 with microseconds.
        public var eventTime: String

        /// The program that reports it, such as `kube-proxy`.
        public var reportingController: String

        /// Which of these programs reports it, such as `kube-proxy-node-1`.
        public var reportingInstance: String

        /// How often it has happened again; nil if it has not.
        public var series: Series?
    }
}

extension EventsV1.Event: Encodable {
    /// Writes the event in the API server's form.
    ///
    /// - Parameter encoder: The encoder.
    /// - Throws: `EncodingError`.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(EventsV1.events.apiVersion, forKey: .apiVersion)
        try fields.encode(EventsV1.events.kind, forKey: .kind)
        try fields.encode(["name": name.name, "namespace": name.namespace], forKey: .metadata)
        try fields.encode(eventTime, forKey: .eventTime)
        try fields.encode(reportingController, forKey: .reportingController)
        try fields.encode(reportingInstance, forKey: .reportingInstance)
        try fields.encode(occurrence.regarding, forKey: .regarding)
        try fields.encode(occurrence.type, forKey: .type)
        try fields.encode(occurrence.reason, forKey: .reason)
        try fields.encode(occurrence.action, forKey: .action)
        try fields.encode(occurrence.note, forKey: .note)
        try fields.encodeIfPresent(series, forKey: .series)
    }

    private enum Key: String, CodingKey {
        case apiVersion, kind, metadata, eventTime, reportingController, reportingInstance, regarding, type, reason
        case action, note, series
    }
}
