extension Proxier {
    /// The health checks that the node is to answer, ordered by service, as of the last completed sync: those of services that
    /// have a health-check node port and the external traffic policy `local`. They are none before the first sync and after a
    /// clean-up.
    public nonisolated var healthChecks: [HealthCheck] { healthCheckFeed.latest }

    /// The health checks of the last sync, and then those of each further one, changed or not: a port that could not be opened
    /// can be tried again.
    ///
    /// It can be called several times. Whoever iterates slowly gets only the newest value.
    ///
    /// - Returns: A sequence that ends when the iterating task is cancelled, or when the proxier is deallocated.
    public nonisolated func healthCheckUpdates() -> AsyncStream<[HealthCheck]> {
        healthCheckFeed.follow()
    }
}
