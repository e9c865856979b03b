import Foundation
import Glibc
import Synchronization

/// Runs `body` on a separate thread, so that changes to the thread end with it.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let box = ResultBox<Value>()
    let thread = Thread { box.fill(Result(catching: body)) }
    thread.start()
    return try box.wait().get()
}

private final class ResultBox<Value: Sendable>: @unchecked Sendable {
    // Guarded by the condition.
    private var result: Result<Value, any Error>?
    private let condition = NSCondition()

    func fill(_ result: Result<Value, any Error>) {
        condition.withLock {
            self.result = result
            condition.signal()
        }
    }

    func wait() -> Result<Value, any Error> {
        condition.withLock {
            while true {
                if let result { return result }
                condition.wait()
            }
        }
    }
}

/// Calls `body` while signals interrupt the system calls of its thread all the time.
public func withSignals<Value>(_ body: () throws -> Value) rethrows -> Value {
    var action = sigaction()
    // Without SA_RESTART, so that a signal ends a system call.
    action.__sigaction_handler.sa_handler = { _ in }
    sigaction(SIGUSR1, &action, nil)
    let caller = pthread_self()
    let isDone = Mutex(false)
    let hasEnded = Mutex(false)
    Thread.detachNewThread {
        while !isDone.withLock({ $0 }) {
            pthread_kill(caller, SIGUSR1)
            usleep(50)
        }
        hasEnded.withLock { $0 = true }
    }
    defer {
        // The signaled thread must outlive the signaling one.
        isDone.withLock { $0 = true }
        while !hasEnded.withLock({ $0 }) { usleep(1_000) }
    }
    return try body()
}
