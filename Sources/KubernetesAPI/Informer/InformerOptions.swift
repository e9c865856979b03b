/// Which objects an informer follows, and with which patience.
public struct InformerOptions: Hashable, Sendable {
    /// The namespace of the objects; nil for all namespaces.
    public var namespace: String?

    /// Which labels the objects must have; empty for no condition.
    public var labelSelector = ""

    /// Which fields the objects must have; empty for no condition.
    public var fieldSelector = ""

    /// The maximum number of objects in a page of a list.
    public var pageSize = 500

    /// Whether to ask for lists as a stream of events, which takes less memory here and in the server. Where a server has no such
    /// lists, pages are asked for.
    public var prefersStreamingLists = true

    /// The shortest time limit of a watch. Each watch has another one between this and twice as much, so that those of many nodes
    /// don't end together.
    public var watchTimeout = Duration.seconds(300)

    /// How long a watch may go on after its time limit without being ended by the server.
    public var watchGrace = Duration.seconds(30)

    /// How long a watch may be silent, as servers send at least a bookmark each minute. A connection that is dead without a word
    /// is noticed by this. If a server has never sent a bookmark, only the first watch that is silent for so long is ended.
    public var silenceLimit = Duration.seconds(150)

    /// The time limit of a streamed list, after which pages are asked for this time.
    public var listTimeout = Duration.seconds(60)

    /// The delay after the first failure. It doubles with each further one, and each delay is lengthened by a random part of
    /// itself.
    public var firstDelay = Duration.milliseconds(800)

    /// The longest delay between failures, before it is lengthened by a random part.
    public var longestDelay = Duration.seconds(30)

    /// A watch that ends sooner, and without an event, counts as a failure.
    public var shortestWatch = Duration.seconds(1)

    /// How long to wait for another list when one is empty though objects are known, before it is believed.
    public var emptinessDelay = Duration.seconds(10)

    /// Options for all objects.
    public init() {}
}
