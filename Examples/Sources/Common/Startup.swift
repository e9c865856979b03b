import CStartup
import Dispatch
import Glibc

/// What a program was started with.
package enum Startup {
    /// The words of the command line, beginning with the program's name. They are empty only if the program was started
    /// without any.
    package static let arguments: [String] = {
        guard let words = startup_arguments() else { return CommandLine.arguments }
        let all = (0..<Int(startup_argument_count())).compactMap { words[$0].map { String(cString: $0) } }
        // For a program that is started without words, Linux adds an empty one.
        return all == [""] ? [] : all
    }()

    /// The words without the program's name.
    ///
    /// A command line that has not even the name is an error, as other words may have been lost with it.
    package static func words() throws(Failure) -> [String] {
        guard !arguments.isEmpty else {
            throw Failure("the command line has no words, not even the name of the program")
        }
        return Array(arguments.dropFirst())
    }

    /// Runs the asynchronous part of a program from a main function that is not asynchronous. Without the file system of
    /// processes it fails, with status 1: Dispatch counts its threads there, and would crash sooner or later.
    package static func run(_ program: @escaping @Sendable () async -> Never) -> Never {
        guard access("/proc/self/stat", R_OK) == 0 else {
            Console.fail("no file system of processes is at /proc, which the program needs")
            exit(1)
        }
        Task { await program() }
        dispatchMain()
    }
}
