import Dispatch
import Glibc
import Synchronization

/// A signal that asks the program to end, such as Ctrl-C.
struct Interruption: Error {
    /// The signal.
    let signal: Int32

    /// The exit status that shells report for a program that a signal ended.
    var status: Int32 { 128 + signal }

    /// Runs a task that SIGINT and SIGTERM cancel, and throws this instead of its `CancellationError`.
    static func cancelling<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = Task(operation: body)
        let cause = Atomic<Int32>(0)
        let sources = [SIGINT, SIGTERM].map { number in
            Glibc.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                cause.store(number, ordering: .relaxed)
                task.cancel()
            }
            source.resume()
            return source
        }
        defer {
            for source in sources { source.cancel() }
            for number in [SIGINT, SIGTERM] { Glibc.signal(number, SIG_DFL) }
        }
        do {
            return try await task.value
        } catch let error as CancellationError {
            let signal = cause.load(ordering: .relaxed)
            throw signal == 0 ? error : Interruption(signal: signal)
        }
    }
}
