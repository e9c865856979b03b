extension Compatible {
    /// Where a session writes to.
    struct Output: Sendable {
        /// Writes a listing.
        var write: @Sendable (String) -> Void

        /// Says what went wrong.
        var complain: @Sendable (String) -> Void

        /// Why something that was written did not get there; nil if all did.
        var loss: @Sendable () -> String?

        /// Standard output, and standard error with the program's name before each sentence.
        static let standard = Output(
            write: { Console.write($0) },
            complain: { Console.fail($0) },
            loss: { Console.loss }
        )
    }
}
