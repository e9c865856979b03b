import CoreMetrics
import Foundation
import IPVSProxy

/// The pages about a proxier, with the paths of kube-proxy.
struct StatusPages: Sendable {
    let proxier: Proxier
    let registry: PrometheusRegistry

    /// Whether the node should get connections from outside: not if it is about to leave the cluster.
    var isEligible: @Sendable () async -> Bool = { true }

    /// What is known of an API server's objects; nothing without one.
    var knowledge: @Sendable () async -> [Knowledge] = { [] }

    /// The configuration in effect, as the page of it; nil if there is none.
    var configuration: String?

    typealias Page = @Sendable () async -> Answer

    var healthPages: [String: Page] {
        [
            "/healthz": { await health("healthz", isEligible: await isEligible()) },
            "/livez": { await health("livez", isEligible: nil) },
            "/readyz": { await answer(proxier.health, isEligible: nil, onceSynced: true) },
        ]
    }

    var metricsPages: [String: Page] {
        var pages: [String: Page] = [
            // That the program answers is all that kube-proxy says there.
            "/healthz": { .text("ok") },
            "/metrics": { await metrics() },
            "/proxyMode": { .text("ipvs") },
        ]
        if let configuration { pages["/configz"] = { Answer("application/json", configuration) } }
        return pages
    }

    private func health(_ name: String, isEligible: Bool?) async -> Answer {
        let answer = await answer(proxier.health, isEligible: isEligible)
        let code = answer.isOK ? "200" : "503"
        Counter(label: "kubeproxy_proxy_\(name)_total", dimensions: [("code", code)], factory: registry).increment()
        return answer
    }

    /// The answer about a proxier; if `onceSynced`, it has to have synced, so that the node's services work.
    private func answer(
        _ health: Health<ContinuousClock.Instant>,
        isEligible: Bool?,
        onceSynced: Bool = false
    ) async -> Answer {
        let knowledge = await knowledge()
        let (instant, now) = (ContinuousClock.now, Date())
        let age = health.lastFinished.map { $0.duration(to: instant) / .seconds(1) }
        return Answer.health(
            isHealthy: health.isHealthy(at: instant) && (age != nil || !onceSynced),
            lastUpdated: age.map { now - $0 },
            now: now,
            isEligible: isEligible,
            knowledge: knowledge
        )
    }

    private func metrics() async -> Answer {
        registry.record(await knowledge())
        let process = ProcessMetrics.current()?.text ?? ""
        return .metrics(registry.text(help: MetricsHelp.texts) + process)
    }
}

extension PrometheusRegistry {
    /// Records what is known of an API server's objects.
    func record(_ knowledge: [Knowledge]) {
        for known in knowledge {
            func record(_ name: String, _ value: Double) {
                Gauge(label: "ipvs_proxy_api_\(name)", dimensions: [("resource", known.resource)], factory: self)
                    .record(value)
            }
            record("objects", Double(known.objectCount))
            record("synced", known.isSynced ? 1 : 0)
            if let age = known.age { record("seconds_since_contact", max(age, .zero) / .seconds(1)) }
        }
    }

    /// Records the program's version.
    func recordBuildInfo() {
        Gauge(label: "kubernetes_build_info", dimensions: BuildInfo.labels, factory: self).record(1)
    }
}
