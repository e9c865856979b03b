/// The upper bounds of the buckets of histograms.
enum HistogramBounds {
    /// Those of histograms in seconds that kube-proxy doesn't have: from 0.1 milliseconds to about a minute, each twice the
    /// previous one.
    static let standard = doubling(from: 0.000_1, count: 20)

    /// Those of kube-proxy, which dashboards and alerts depend on, by the names of the metrics.
    static let ofKubeProxy: [String: [Double]] = {
        let syncs = doubling(from: 0.001, count: 15)
        let programming =
            [0.25, 0.5] + stride(from: 1, through: 59, by: 1) + stride(from: 60, through: 115, by: 5)
            + stride(from: 120, through: 300, by: 30)
        let requests = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]
        return [
            "kubeproxy_sync_proxy_rules_duration_seconds": syncs,
            "kubeproxy_sync_full_proxy_rules_duration_seconds": syncs,
            "kubeproxy_sync_partial_proxy_rules_duration_seconds": syncs,
            "kubeproxy_network_programming_duration_seconds": programming,
            "rest_client_request_duration_seconds": requests,
            "rest_client_rate_limiter_duration_seconds": requests,
        ]
    }()

    private static func doubling(from first: Double, count: Int) -> [Double] {
        (0..<count).map { first * Double(1 << $0) }
    }
}
