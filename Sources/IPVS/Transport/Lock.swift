import Glibc

/// A value that one thread at a time gets at.
///
/// `Mutex` of the Synchronization module does the same, but ThreadSanitizer does not see it and reports each use as a
/// race, in every program that uses the library. It knows this lock.
@safe
package final class Lock<Value: ~Copyable>: @unchecked Sendable {
    // Unchecked: the value is only reached with the mutex held. Both live as long as the object.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    package init(_ initial: consuming Value) {
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
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&(unsafe value.pointee))
    }
}
