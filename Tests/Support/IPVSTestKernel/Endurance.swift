import Foundation

/// How much the tests of endurance do.
public enum Endurance {
    /// Whether they take as long as for the figures in the documentation, as `IPVS_ENDURANCE=1` in the environment asks.
    public static let isLong = ProcessInfo.processInfo.environment["IPVS_ENDURANCE"] == "1"

    /// How often processes are killed.
    public static let kills = isLong ? 100 : 20

    /// The number of requests that clients send while something changes.
    public static let requests = isLong ? 10_000 : 4_000

    /// Of the writes at which a process can end, one in so many is tried.
    public static let writesPerEnd = isLong ? 1 : 4

    /// The number of operations in a row.
    public static let operations = isLong ? 1_000_000 : 20_000
}

/// What a process has of the machine.
public struct ProcessUsage: Hashable, Sendable {
    /// Its memory that is in use, in bytes.
    public let memory: Int

    /// The memory that it could use at once, in bytes, as a limit of `RLIMIT_DATA` counts it.
    public let data: Int

    /// The number of its open files.
    public let descriptors: Int

    /// The usage of this process.
    public static func current() throws -> Self {
        let statistics = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = statistics.split(separator: " ").prefix(6).compactMap { Int($0) }
        guard pages.count == 6 else { throw CocoaError(.fileReadCorruptFile) }
        let pageSize = Int(getpagesize())
        return Self(
            memory: pages[1] * pageSize,
            data: pages[5] * pageSize,
            descriptors: try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        )
    }
}
