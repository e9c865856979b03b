/// A value that only one thread at a time can access.
///
/// `Mutex` of the Synchronization module does the same, but ThreadSanitizer doesn't support it and would report a data
/// race for each use, in every program that uses the library. It supports `pthread_mutex_t`. The value must be
/// sendable: `Mutex` accepts other values by `sending`, which closures that capture other values do not satisfy.
@safe
public final class Lock<Value: Sendable & ~Copyable>: @unchecked Sendable {
    // Unchecked: the value is only accessed while the mutex is locked. Both live as long as the object.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    /// Protects a value.
    public init(_ initial: consuming Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe value = .allocate(capacity: 1)
        unsafe value.initialize(to: initial)
    }

    deinit {
        unsafe value.deinitialize(count: 1)
        unsafe value.deallocate()
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Calls `body` with exclusive access to the value.
    public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try unsafe body(&value.pointee)
    }
}
