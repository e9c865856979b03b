#if FUZZING

import CLibFuzzer
import Foundation

extension FuzzTarget {
    /// The target that runs. libFuzzer's callback has no context.
    nonisolated(unsafe) private static var current: FuzzTarget?

    /// The name of the target that this process is for, from the environment.
    private static let chosen = ProcessInfo.processInfo.environment["IPVS_FUZZ_TARGET"]

    /// Lets libFuzzer run if this process is for this target. Then the process ends.
    ///
    /// The options of libFuzzer come from the environment. libFuzzer adds to its first folder what runs more of the code.
    ///
    /// - Returns: Whether this process is for another target.
    func fuzzIfChosen() -> Bool {
        guard name == Self.chosen else { return Self.chosen != nil }
        let options = ProcessInfo.processInfo.environment["IPVS_FUZZ_OPTIONS"] ?? ""
        let words = ["fuzz", "-max_len=\(maximumLength)"] + options.split(separator: " ").map(String.init)
        Self.current = self
        var arguments = words.map { strdup($0) } + [nil]
        var count = Int32(words.count)
        arguments.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            _ = LLVMFuzzerRunDriver(&count, &start) { bytes, count in
                FuzzTarget.current?.checkOrAbort([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
                return 0
            }
        }
        return true
    }

    private func checkOrAbort(_ bytes: [UInt8]) {
        do { try check(bytes) } catch { fatalError("\(name): \(error)") }
    }
}

#else

extension FuzzTarget {
    /// Does nothing: this build has no libFuzzer.
    func fuzzIfChosen() -> Bool { false }
}

#endif
