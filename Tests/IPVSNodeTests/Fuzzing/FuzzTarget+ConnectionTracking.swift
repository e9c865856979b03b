import IPVS
import IPVSFuzzing

@testable import IPVSNode

extension FuzzTarget {
    /// Answers of ctnetlink to the requests that list and delete tracked connections.
    static let connectionTracking = FuzzTarget("conntrack-replies") { bytes in
        let kernel = ConntrackKernel(ConnectionTrackingTests.others + ConnectionTrackingTests.stale)
        let channel = ScriptedDatagrams(bytes, of: kernel) { $0 & 0xff00 }
        let tracking = ConnectionTracking(channel: channel)
        let endpoints: Set<Endpoint> = [ConnectionTrackingTests.four, ConnectionTrackingTests.six]
        do {
            let count = try channel.play { try tracking.deleteUntranslatedUDP(to: endpoints) }
            // An entry is longer than a header.
            try hold((0...bytes.count / 16).contains(count), "\(count) entries in \(bytes.count) bytes were deleted")
        } catch let error as ConnectionTrackingError {
            try hold("\(error)".hasPrefix("can't \(error.operation): "), "an error is \"\(error)\"")
        }
        let count = try tracking.deleteUntranslatedUDP(to: endpoints)
        try hold(count == ConnectionTrackingTests.stale.count, "\(count) entries were deleted")
        try hold(kernel.with { $0.entries } == ConnectionTrackingTests.others, "other entries were deleted")
    }
}
