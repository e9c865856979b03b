import ServiceLifecycle

/// Sleeps, but no longer than until the program is shut down.
///
/// - Parameter duration: How long to sleep.
/// - Returns: Whether the whole time has passed; false at the end of the program.
func sleepUntilShutdown(for duration: Duration) async -> Bool {
    do {
        try await cancelWhenGracefulShutdown { try await Task.sleep(for: duration) }
        return true
    } catch {
        // The task was cancelled, the only error of a sleep.
        return false
    }
}
