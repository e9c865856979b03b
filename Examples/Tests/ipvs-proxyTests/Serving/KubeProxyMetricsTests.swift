import CoreMetrics
import Foundation
import Glibc
import Testing

@testable import ipvs_proxy

/// Metrics that dashboards and alerts for kube-proxy look for.
@Suite struct KubeProxyMetrics {
    private func bounds(_ name: String, _ page: String) -> [String] {
        page.matches(of: /(?<name>[a-z_]+)_bucket{le="(?<bound>[^"]+)"}/).filter { $0.output.name == name }
            .map { String($0.output.bound) }
    }

    @Test func buckets() {
        let registry = PrometheusRegistry()
        for name in HistogramBounds.ofKubeProxy.keys {
            Timer(label: name, factory: registry).recordNanoseconds(2_000_000_000)
        }
        let page = registry.text()
        let syncs = [
            "0.001", "0.002", "0.004", "0.008", "0.016", "0.032", "0.064", "0.128", "0.256", "0.512", "1.024", "2.048",
            "4.096", "8.192", "16.384", "+Inf",
        ]
        for kind in ["", "full_", "partial_"] {
            #expect(bounds("kubeproxy_sync_\(kind)proxy_rules_duration_seconds", page) == syncs)
        }
        let programming = bounds("kubeproxy_network_programming_duration_seconds", page)
        #expect(programming.count == 2 + 59 + 12 + 7 + 1 && Set(programming).count == programming.count)
        #expect(programming.prefix(4) == ["0.25", "0.5", "1", "2"] && programming.suffix(3) == ["270", "300", "+Inf"])
        let requests = ["0.005", "0.025", "0.1", "0.25", "0.5", "1", "2", "4", "8", "15", "30", "60", "+Inf"]
        #expect(bounds("rest_client_request_duration_seconds", page) == requests)
        #expect(page.contains("kubeproxy_sync_proxy_rules_duration_seconds_bucket{le=\"1.024\"} 0\n"))
        #expect(page.contains("kubeproxy_sync_proxy_rules_duration_seconds_bucket{le=\"2.048\"} 1\n"))
    }

    @Test func buildInfo() {
        let registry = PrometheusRegistry()
        registry.recordBuildInfo()
        let line = registry.text().split(separator: "\n").last ?? ""
        #expect(line.hasPrefix("kubernetes_build_info{") && line.hasSuffix("} 1"))
        #expect(line.contains("git_version=\"v\(BuildInfo.version)\"") && line.contains("platform=\"linux/"))
        let names = line.matches(of: /([a-z_]+)="/).map { String($0.output.1) }
        #expect(
            Set(names) == [
                "build_date", "compiler", "git_commit", "git_tree_state", "git_version", "go_version", "major", "minor",
                "platform",
            ]
        )
    }

    @Test func theProcess() throws {
        let begin = try #require(ProcessMetrics.current())
        #expect(abs(begin.start - Date().timeIntervalSince1970) < 86_400)
        #expect(begin.residentMemory > 1 << 20 && begin.virtualMemory > begin.residentMemory)
        let descriptors = try (0..<10).map { _ in try #require(FileHandle(forReadingAtPath: "/dev/null")) }
        let now = try #require(ProcessMetrics.current())
        #expect(now.openDescriptors > 10 && now.processorTime >= begin.processorTime)
        withExtendedLifetime(descriptors) {}
        var limit = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        #expect(limit.rlim_cur == ~0 || now.maxDescriptors == UInt64(limit.rlim_cur))
    }

    @Test func filesOfTheKernel() throws {
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 8 0 1000 123456789 300 18446744073709551615 1"
        let metrics = try #require(
            ProcessMetrics(stat: stat, system: "cpu 1 2\nbtime 1700000000\n", ticks: 100, pageSize: 4_096)
        )
        #expect(metrics.processorTime == .seconds(3) && metrics.start == 1_700_000_010)
        #expect(metrics.virtualMemory == 123_456_789 && metrics.residentMemory == 300 * 4_096)
        for wrong in ["", "7 (a) S 1 2", stat.replacing("250", with: "x")] {
            #expect(ProcessMetrics(stat: wrong, system: "btime 1\n", ticks: 100, pageSize: 1) == nil)
        }
        #expect(ProcessMetrics(stat: stat, system: "cpu 1\n", ticks: 100, pageSize: 1) == nil)
        let traffic = "TcpExt: A InOctets\nTcpExt: 1 2\nIpExt: InNoRoutes InOctets OutOctets\nIpExt: 0 5 6\n"
        #expect(ProcessMetrics.column("InOctets", of: "IpExt", in: traffic) == 5)
        #expect(ProcessMetrics.column("OutOctets", of: "IpExt", in: traffic) == 6)
        #expect(ProcessMetrics.column("Other", of: "IpExt", in: traffic) == nil)
    }

    /// A strict reading of the text format: each line is a help text, a type or a sample, each name has one block of lines,
    /// and no series is there twice.
    @Test func theWholePageIsValid() throws {
        let registry = PrometheusRegistry()
        registry.recordBuildInfo()
        registry.record([Knowledge(resource: "a\"b\\c\nd", age: .seconds(1), objectCount: 1, isSynced: true)])
        Timer(label: "kubeproxy_sync_proxy_rules_duration_seconds", factory: registry).recordNanoseconds(1)
        let page = registry.text(help: MetricsHelp.texts) + (try #require(ProcessMetrics.current()).text)
        #expect(page.hasSuffix("\n"))
        var (types, series): ([String: String], Set<String>) = ([:], [])
        var current = ""
        for line in page.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if let help = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) .+/) {
                current = String(help.output.1)
                #expect(types[current] == nil, "\(line)")
            } else if let type = line.wholeMatch(of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/) {
                #expect(type.output.1 == current && types.updateValue(String(type.output.2), forKey: current) == nil)
            } else {
                let label = "[a-z_]+=\"([^\"\\\\\n]|\\\\[\"\\\\n])*\""
                let sample = try Regex(
                    "([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{\(label)(,\(label))*\\})? ([-+0-9.e]+|\\+Inf|-Inf|NaN)"
                )
                let match = try #require(line.wholeMatch(of: sample), "\(line)")
                let name = String(match.output[1].substring ?? "")
                let suffixes = types[current] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                #expect(suffixes.contains { current + $0 == name }, "\(line)")
                #expect(series.insert(String(line.prefix(upTo: line.lastIndex(of: " ") ?? line.endIndex))).inserted)
            }
        }
        #expect(types["kubernetes_build_info"] == "gauge" && types["process_cpu_seconds_total"] == "counter")
    }
}
