import Common

extension Compatible {
    /// The output of a session.
    struct Output: Sendable {
        /// Writes a listing.
        var write: @Sendable (String) -> Void

        /// Reports an error.
        var complain: @Sendable (String) -> Void

        /// The reason why output was lost, or nil if none was.
        var loss: @Sendable () -> String?

        /// Standard output, and standard error with the program's name before each sentence.
        static let standard = Output(
            write: { Console.write($0) },
            complain: { Console.fail($0) },
            loss: { Console.loss }
        )
    }
}
