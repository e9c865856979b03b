/// A value that one thread at a time has access to.
///
/// `Mutex` of the Synchronization module does the same, but ThreadSanitizer does not see it and reports each use as a
/// race, in every program that uses the library. It knows this lock. A value that only one thread may ever use is none for
/// it: `Mutex` has that checked by `sending`, which closures over other values do not satisfy; here the value is sendable.
@safe
public final class Lock<Value: Sendable & ~Copyable>: @unchecked Sendable {
    // Unchecked: the value is only reached with the mutex held. Both live as long as the object.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    /// A lock around a value, which belongs to it from now on.
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

    /// Calls `body` with the value, which no other thread has meanwhile.
    public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try unsafe body(&value.pointee)
    }
}
