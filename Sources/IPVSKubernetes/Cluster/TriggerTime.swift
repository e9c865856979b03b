import FoundationEssentials
import KubernetesAPI

extension DiscoveryV1.EndpointSlice {
    /// When the change happened that the slice shows, as its controller noted it; nil if it did not.
    var triggerTime: String? { metadata.annotations["endpoints.kubernetes.io/last-change-trigger-time"] }
}

extension ClusterFeed {
    /// When the change happened that a slice shows; nil if that is not known, or if it was before this feed began.
    func trigger(of slice: DiscoveryV1.EndpointSlice) -> ContinuousClock.Instant? {
        guard let date = slice.triggerTime.flatMap(Date.init(rfc3339:)), date > started else { return nil }
        return ContinuousClock.now - .seconds(Date.now.timeIntervalSince(date))
    }
}

extension Date {
    /// Reads a time in the format of RFC 3339, with any number of digits after the second.
    init?(rfc3339 text: String) {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        guard let date = try? style.parse(text) else { return nil }
        self = date
    }
}
