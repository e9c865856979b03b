import Foundation

/// A value that one thread at a time has access to, guarded by a lock that ThreadSanitizer understands: it does not
/// recognize the standard library's `Mutex` as a lock and reports races where there are none.
public final class Locked<Value>: @unchecked Sendable {
    // Unchecked: the value is only reached with the lock held.
    private let lock = NSLock()
    private var guarded: Value

    /// Creates a lock that guards a value.
    public init(_ value: Value) { guarded = value }

    /// The current value.
    public var value: Value { withLock { $0 } }

    /// Calls `body` with the value, which no other thread can access meanwhile.
    public func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&guarded)
    }
}
