import Foundation
import IPVSFuzzing

@testable import KubernetesAPI

extension FuzzTarget {
    /// The header with which a server asks to wait.
    static let retryAfter = FuzzTarget("retry-after", maximumLength: 100) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let now = Date(timeIntervalSince1970: 784_111_777)
        guard let seconds = APIError.retryAfter(text, now: now) else { return }
        try hold((0...86_400).contains(seconds), "the client would wait for \(seconds) s")
        if let number = Int(text) { try hold(seconds == min(number, 86_400), "\(seconds) instead of \(number) s") }
    }
}
