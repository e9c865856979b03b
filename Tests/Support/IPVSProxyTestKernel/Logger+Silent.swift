package import Logging

extension Logger {
    /// A logger whose messages nobody sees.
    package static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
