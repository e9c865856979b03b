import IPVSTestKernel
import KubernetesTestServer

/// What kubeadm and a user have put into the cluster.
enum ChangingCluster {
    static func load(into server: KubernetesTestServer) throws {
        // In a network namespace, the limit of tracked connections can't be changed.
        let configuration = try Sample.fixture("KubeProxy/kubeadm-1.34.yaml")
            .replacing("mode: \"\"", with: "mode: ipvs").replacing("maxPerCore: null", with: "maxPerCore: 0")
        let kubeconfig = """
            apiVersion: v1
            kind: Config
            clusters:
            - name: default
              cluster:
                certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
                server: \(server.url)
            contexts:
            - name: default
              context: {cluster: default, namespace: default, user: default}
            current-context: default
            users:
            - name: default
              user: {tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token}
            """
        try server.load([
            [
                "apiVersion": "v1", "kind": "Node",
                "metadata": ["name": "node-1", "labels": ["kubernetes.io/os": "linux"]],
            ],
            [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": ["name": "kube-proxy", "namespace": "kube-system"],
                "data": ["config.conf": .string(configuration), "kubeconfig.conf": .string(kubeconfig)],
            ],
            [
                "apiVersion": "v1", "kind": "Service", "metadata": ["name": "web", "namespace": "default"],
                "spec": [
                    "type": "NodePort", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"],
                    "ports": [["name": "http", "port": 80, "nodePort": 30080, "protocol": "TCP"]],
                ],
            ],
            [
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": ["name": "web-1", "labels": ["kubernetes.io/service-name": "web"]],
                "addressType": "IPv4", "ports": [["name": "http", "port": 8080, "protocol": "TCP"]],
                "endpoints": [["addresses": ["10.244.1.5"], "nodeName": "node-1"]],
            ],
            [
                "apiVersion": "apps/v1", "kind": "DaemonSet",
                "metadata": ["name": "kube-proxy", "namespace": "kube-system", "labels": ["k8s-app": "kube-proxy"]],
                "spec": [
                    "selector": ["matchLabels": ["k8s-app": "kube-proxy"]],
                    "updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 1]],
                    "template": [
                        "metadata": ["labels": ["k8s-app": "kube-proxy"]],
                        "spec": [
                            "containers": [
                                ["name": "kube-proxy", "image": "kube-proxy", "command": ["/usr/local/bin/kube-proxy"]]
                            ],
                            "volumes": [["name": "kube-proxy", "configMap": ["name": "kube-proxy"]]],
                        ],
                    ],
                ],
            ],
        ])
    }
}
