import Dispatch
import Glibc
import Synchronization

/// The user wants the program to end: by Ctrl-C, or by a signal that asks for it.
struct Interruption: Error {
    /// The signal.
    let signal: Int32

    /// The exit status that shells give to what a signal has ended.
    var status: Int32 { 128 + signal }

    /// Runs something that is cancelled by SIGINT and SIGTERM, and throws this in the place of its `CancellationError`.
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
