import IPVS
import Testing

@testable import ipvsctl

@Suite("Rates from counters that the kernel updates every two seconds")
struct MeterTests {
    /// The kernel's counters at a time, which it updates half a second after each even second.
    private func counters(at seconds: Double, rate: (Double) -> Double) -> Statistics {
        var statistics = Statistics()
        var total = 0.0
        for second in stride(from: 0.5, through: seconds, by: 2) { total += 2 * rate(second) }
        statistics.connections = UInt64(total)
        statistics.incomingPackets = UInt64(total * 3)
        statistics.outgoingPackets = UInt64(total * 2)
        statistics.incomingBytes = UInt64(total * 1_000)
        statistics.outgoingBytes = UInt64(total * 5_000_000)
        statistics.rates.connections = 7
        return statistics
    }

    /// The rates of connections at each refresh.
    private func rates(looks: [Double], rate: (Double) -> Double) -> [Double] {
        var meter = Top.Meter(counters(at: looks[0], rate: rate), at: .seconds(looks[0]))
        return [meter.rates.connections]
            + looks.dropFirst().map { look in
                meter.look(counters(at: look, rate: rate), at: .seconds(look))
                return meter.rates.connections
            }
    }

    @Test("A steady rate stays steady, however often it is refreshed", arguments: [0.1, 0.25, 0.7, 1, 1.3, 4, 6, 10])
    func steady(interval: Double) {
        let found = rates(looks: (0..<100).map { Double($0) * interval }) { _ in 100 }
        let moves = found.drop { $0 == 7 }
        #expect(found.count - moves.count <= max(1, Int(2 / interval) + 1))
        for rate in moves { #expect(abs(rate - 100) < 0.001, "\(found)") }
    }

    @Test("A refresh that is late by half of the interval changes nothing")
    func late() {
        let looks = (0..<100).map { Double($0) + ($0 % 3 == 0 ? 0.45 : 0) }
        let found = rates(looks: looks) { _ in 100 }
        #expect(found.dropFirst(3).allSatisfy { $0 == 100 }, "\(found)")
    }

    @Test("A rate that ends is zero three refreshes later, and a new one is shown at once")
    func idle() {
        let found = rates(looks: (0..<20).map(Double.init)) { second in second < 5 || second > 11 ? 50 : 0 }
        #expect(found == [7, 50, 50, 50, 50, 50, 50, 50] + [0, 0, 0, 0, 0] + Array(repeating: 50, count: 7))
    }

    @Test("Refreshes that are far apart show the average")
    func average() {
        #expect(rates(looks: [0, 8, 16, 24]) { second in second < 4 ? 100 : 0 } == [7, 50, 0, 0])
    }

    @Test("All five quantities are measured")
    func quantities() {
        var meter = Top.Meter(counters(at: 0) { _ in 10 }, at: .zero)
        meter.look(counters(at: 1) { _ in 10 }, at: .seconds(1))
        let expected = Top.Rates(
            connections: 10,
            incomingPackets: 30,
            outgoingPackets: 20,
            incomingBytes: 10_000,
            outgoingBytes: 50_000_000
        )
        #expect(meter.rates == expected)
    }

    @Test("Counters that decrease are those of a new server, whose rate is the kernel's estimate")
    func reset() {
        var meter = Top.Meter(counters(at: 9) { _ in 10 }, at: .seconds(9))
        meter.look(counters(at: 11) { _ in 10 }, at: .seconds(10))
        #expect(meter.rates.connections == 10)
        meter.look(counters(at: 1) { _ in 10 }, at: .seconds(11))
        #expect(meter.rates.connections == 7)
        meter.look(counters(at: 3) { _ in 10 }, at: .seconds(12))
        #expect(meter.rates.connections == 10)
    }
}
