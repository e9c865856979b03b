import Common
import IPVSFuzzing

@testable import ipvs_proxy

extension FuzzTarget {
    /// Configuration files of kube-proxy.
    static let configuration = FuzzTarget("configuration") { bytes in
        guard let text = fileText(bytes) else { return }
        let configuration: KubeProxyConfiguration
        do throws(FileErrors) {
            configuration = try KubeProxyConfiguration(text: text, file: "a.yaml")
        } catch {
            return try holdArePlaced(error.errors, in: text)
        }
        let written = try configuration.yaml()
        let other = try KubeProxyConfiguration(text: written, file: "b.yaml")
        try hold(other == configuration, "\(configuration) is another configuration after \(written)")
        _ = try configuration.configz()
    }
}
