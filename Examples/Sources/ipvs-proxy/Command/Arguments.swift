import ArgumentParser
import Common
import IPVS
import IPVSNode
import IPVSProxy
import Logging

extension Duration {
    init(argument: String) throws(ValidationError) {
        guard let duration = Duration(goText: argument) else {
            throw ValidationError("it must be a duration, such as 500ms, 30s or 1m30s")
        }
        self = duration
    }
}

/// A timeout of idle connections in seconds; 0 leaves the kernel's value.
struct IdleTimeout: Hashable, Sendable {
    let seconds: UInt32

    init(seconds: UInt32) { self.seconds = seconds }

    /// The kernel counts a timeout in ticks, in 31 bits. No kernel has fewer than 100 ticks per second; those with more refuse
    /// smaller values, too.
    private static let longest = UInt32(Int32.max) / 100

    init(argument: String) throws(ValidationError) {
        let (seconds, rest) = try Duration(argument: argument).components
        guard rest == 0 else { throw ValidationError("it must be a whole number of seconds") }
        guard let seconds = UInt32(exactly: seconds), seconds <= Self.longest else {
            throw ValidationError("it must be at most \(Self.longest)s, as the kernel can't count more")
        }
        self.seconds = seconds
    }
}

/// Blocks of addresses, several of which can be separated by commas.
struct Blocks {
    let blocks: [IPAddress.Block]

    init(argument: String) throws(ValidationError) {
        let texts = argument.split(separator: ",", omittingEmptySubsequences: false)
        blocks = try texts.map { text throws(ValidationError) in try IPAddress.Block(argument: String(text)) }
    }
}

extension AddressBinder.Method {
    init(argument: String) throws(ValidationError) {
        guard let method = Self(rawValue: argument) else {
            throw ValidationError("it must be \(Self.allCases.map(\.rawValue).joined(separator: " or "))")
        }
        self = method
    }
}

extension Scheduler {
    init(argument: String) throws(ValidationError) {
        self.init(rawValue: argument)
        guard (1...15).contains(argument.utf8.count) else {
            throw ValidationError("it must be the name of a scheduler, such as rr, lc or mh")
        }
    }
}

extension Logger.Level {
    init(argument: String) throws(ValidationError) {
        guard let level = Self(rawValue: argument) else {
            throw ValidationError("it must be one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = level
    }
}

/// A whole number within limits.
struct WholeNumber {
    let value: Int

    /// A reader of numbers within limits.
    static func reader(_ limits: ClosedRange<Int>) -> @Sendable (String) throws -> WholeNumber {
        { text in
            guard let value = Int(text), limits.contains(value), !text.hasPrefix("+") else {
                throw ValidationError("it must be a whole number from \(limits.lowerBound) to \(limits.upperBound)")
            }
            return WholeNumber(value: value)
        }
    }
}
