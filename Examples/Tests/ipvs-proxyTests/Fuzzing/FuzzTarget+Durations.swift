import IPVSFuzzing

@testable import ipvs_proxy

extension FuzzTarget {
    /// Durations in Go's format, and timeouts, which are whole seconds.
    static let durations = FuzzTarget("durations", maximumLength: 200) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let duration = Duration(goText: text)
        if let duration {
            try hold((.zero ... .seconds(100 * 365 * 86_400)).contains(duration), "\(text) is \(duration)")
            let written = duration.goText
            try hold(Duration(goText: written) == duration, "\(duration) is another one after \(written)")
        }
        // Most texts are no timeout.
        if let timeout = try? IdleTimeout(argument: text) {
            try hold(duration == .seconds(Int64(timeout.seconds)), "\(text) is a timeout of \(timeout.seconds) s")
        }
    }
}
