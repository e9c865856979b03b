import IPVSTestModels
import Logging

/// Keeps log messages.
final class LogLines: LogHandler {
    private let kept = Locked<[(level: Logger.Level, text: String)]>([])

    /// The messages of a level, in order.
    func messages(_ level: Logger.Level) -> [String] { kept.value.filter { $0.level == level }.map(\.text) }

    var warnings: [String] { messages(.warning) }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) { kept.withLock { $0.append((event.level, "\(event.message)")) } }
}
