import CoreMetrics
import Foundation
import IPVSProxy

/// The pages about a proxier, with the paths of kube-proxy.
struct StatusPages: Sendable {
    let proxier: Proxier
    let registry: PrometheusRegistry

    typealias Page = @Sendable () async -> Answer

    var healthPages: [String: Page] {
        ["/healthz": { await health("healthz") }, "/livez": { await health("livez") }]
    }

    var metricsPages: [String: Page] {
        [
            "/metrics": { .metrics(registry.text(help: Self.help)) },
            "/proxyMode": { .text("ipvs") },
        ]
    }

    private func health(_ name: String) async -> Answer {
        let health = await proxier.health
        let (instant, now) = (ContinuousClock.now, Date())
        let age = health.lastFinished.map { $0.duration(to: instant) / .seconds(1) }
        let answer = Answer.health(
            isHealthy: health.isHealthy(at: instant),
            lastUpdated: age.map { now - $0 },
            now: now,
            withEligibility: name == "healthz"
        )
        let code = answer.isOK ? "200" : "503"
        Counter(label: "kubeproxy_proxy_\(name)_total", dimensions: [("code", code)], factory: registry).increment()
        return answer
    }

    private static let help = [
        "ipvs_proxy_manifest_errors": "Errors in the manifests, which are as before until these are mended.",
        "ipvs_proxy_manifest_warnings": "Warnings about the manifests, for parts of them that are not served.",
        "kubeproxy_ipvs_bound_addresses": "Addresses that the services have on the dummy interface.",
        "kubeproxy_ipvs_draining_real_servers": "Real servers that are draining, and keep their connections.",
        "kubeproxy_ipvs_failures":
            "Virtual servers and addresses that the last sync could not make what they should be.",
        "kubeproxy_ipvs_real_servers": "Real servers that the kernel's table should have.",
        "kubeproxy_ipvs_rejections": "Virtual servers that services want and can't have.",
        "kubeproxy_ipvs_unserved_nodeport_blocks":
            "Node-port blocks in which the node has no address that can have node ports.",
        "kubeproxy_ipvs_virtual_servers": "Virtual servers that the kernel's table should have.",
        "kubeproxy_network_programming_duration_seconds": "Time from a change to the end of the sync that made it.",
        "kubeproxy_proxy_healthz_total": "Answers of /healthz by their code.",
        "kubeproxy_proxy_livez_total": "Answers of /livez by their code.",
        "kubeproxy_sync_full_proxy_rules_total": "Syncs that compared everything.",
        "kubeproxy_sync_proxy_rules_duration_seconds": "Time that a sync takes.",
        "kubeproxy_sync_proxy_rules_endpoint_changes_pending": "Changes of endpoint slices that no sync has taken yet.",
        "kubeproxy_sync_proxy_rules_endpoint_changes_total": "Changes of endpoint slices.",
        "kubeproxy_sync_proxy_rules_failures_total": "Syncs that broke off.",
        "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds": "When a sync was last asked for.",
        "kubeproxy_sync_proxy_rules_last_timestamp_seconds": "When the last sync got through.",
        "kubeproxy_sync_proxy_rules_no_local_endpoints_total":
            "Service ports of a local traffic policy that have endpoints, but none on this node.",
        "kubeproxy_sync_proxy_rules_service_changes_pending": "Changes of services that no sync has taken yet.",
        "kubeproxy_sync_proxy_rules_service_changes_total": "Changes of services.",
    ]
}
