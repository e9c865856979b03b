// The static standard library has no Testing, so there are no tests that could wait.
#if canImport(Testing)
import Glibc
public import Testing

/// Waits until a condition holds. The test fails if it still does not after three minutes.
public func eventually(
    every microseconds: UInt32 = 100_000,
    _ condition: () throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let deadline = ContinuousClock.now + .seconds(180)
    while ContinuousClock.now < deadline {
        if try condition() { return }
        usleep(microseconds)
    }
    Issue.record("it did not come true", sourceLocation: sourceLocation)
}

/// Waits until a condition holds, and meanwhile lets other tasks run, which may all share a single thread. The test
/// fails if it still does not after three minutes.
public func eventually(
    _ condition: () throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    for _ in 0..<1800 {
        if try condition() { return }
        try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("it did not come true", sourceLocation: sourceLocation)
}
#endif
