import Common
import Logging

/// A log without control characters and without lines of any length, whatever an input has in it.
struct CleanLog: LogHandler {
    private var log: any LogHandler

    init(_ log: any LogHandler) { self.log = log }

    var metadata: Logger.Metadata {
        get { log.metadata }
        set { log.metadata = newValue }
    }

    var logLevel: Logger.Level {
        get { log.logLevel }
        set { log.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { log[metadataKey: key] }
        set { log[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(event.message.description.visible(upTo: Console.longestLine))"
        log.log(event: event)
    }
}
