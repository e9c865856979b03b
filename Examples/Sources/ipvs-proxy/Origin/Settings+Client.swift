import Common
import CoreMetrics
import Foundation
import KubernetesAPI
import Logging

extension Settings {
    /// A client of the API server, as kube-proxy chooses it: that of the kubeconfig, whose server `--master` replaces; the
    /// server of `--master` alone, without credentials; or that of the cluster in which the program is a pod.
    ///
    /// - Parameters:
    ///   - kubeconfig: The path of the kubeconfig; nil for none.
    ///   - master: The URL of the server; nil for none.
    ///   - logger: The logger of the client.
    ///   - metrics: The factory of the client's metrics.
    /// - Returns: The client.
    /// - Throws: `Failure` that names the file and the field.
    static func client(
        kubeconfig: String?,
        master: String?,
        logger: Logger,
        metrics: any MetricsFactory
    ) throws(Failure) -> APIClient {
        do throws(ClientConfigurationError) {
            let server: ServerURL? = if let master { try ServerURL(master) } else { nil }
            let configuration: ClientConfiguration =
                if let kubeconfig {
                    try Kubeconfig(path: kubeconfig).configuration(server: server)
                } else if let server {
                    ClientConfiguration(server: server)
                } else {
                    try .inCluster()
                }
            let userAgent = "ipvs-proxy/\(BuildInfo.version) (linux/\(BuildInfo.architecture))"
            return APIClient(configuration, userAgent: userAgent, logger: logger, metrics: metrics)
        } catch {
            throw Failure(error.message)
        }
    }
}
