import Foundation

/// A value that one thread at a time gets at, by a lock that ThreadSanitizer knows: it takes the standard library's
/// `Mutex` for no lock at all and reports races where there are none.
final class Locked<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) { self.value = value }

    func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}
