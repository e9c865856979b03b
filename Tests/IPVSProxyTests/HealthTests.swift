import Testing

@testable import IPVSProxy

@Suite("Health")
struct HealthTests {
    private var health = Health<ManualClock.Instant>(syncPeriod: .seconds(30))

    private func at(_ seconds: Int) -> ManualClock.Instant { ManualClock.Instant(time: .seconds(seconds)) }

    @Test("If nothing is queued, the proxier is healthy, however long ago the last sync was")
    mutating func idle() {
        #expect(health.isHealthy(at: at(10_000)))
        health.queued(at: at(10_000))
        health.started(at: at(10_001))
        health.finished(at: at(10_002))
        #expect(health.lastFinished == at(10_002))
        #expect(health.isHealthy(at: at(20_000)))
    }

    @Test("Changes queued for twice the period without a finished sync are too old")
    mutating func waiting() {
        health.queued(at: at(100))
        health.queued(at: at(150))
        #expect(health.isHealthy(at: at(159)))
        #expect(!health.isHealthy(at: at(160)))
        // The start of a sync is not enough.
        health.started(at: at(161))
        #expect(!health.isHealthy(at: at(162)))
        health.finished(at: at(163))
        #expect(health.isHealthy(at: at(163)))
        #expect(health.isHealthy(at: at(1_000)))
    }

    @Test("Changes queued during a sync are for the next one, but the sync counts")
    mutating func queuedMeanwhile() {
        health.queued(at: at(0))
        health.started(at: at(1))
        health.queued(at: at(2))
        health.finished(at: at(50))
        #expect(health.isHealthy(at: at(109)))
        #expect(!health.isHealthy(at: at(110)))
        health.started(at: at(111))
        health.finished(at: at(112))
        #expect(health.isHealthy(at: at(1_000)))
    }

    @Test("A sync that fails repeatedly is not healthy, nor is one that never ends")
    mutating func failing() {
        health.started(at: at(30))
        #expect(health.isHealthy(at: at(89)))
        #expect(!health.isHealthy(at: at(90)))
        health.started(at: at(60))
        #expect(!health.isHealthy(at: at(90)))
        health.finished(at: at(91))
        #expect(health.isHealthy(at: at(91)))
    }
}
