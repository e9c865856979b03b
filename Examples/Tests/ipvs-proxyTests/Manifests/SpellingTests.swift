import Common
import Testing

@testable import ipvs_proxy

/// Kinds, versions and fields that are nearly right.
@Suite struct ManifestSpelling {
    @Test(
        arguments: [
            ("v1", "service", "2: kind: there is no kind \"service\"; did you mean Service?"),
            ("v1", "Services", "2: kind: there is no kind \"Services\"; did you mean Service?"),
            ("v1", "SERVICE", "2: kind: there is no kind \"SERVICE\"; did you mean Service?"),
            ("v1", "Sevrice", "2: kind: there is no kind \"Sevrice\"; did you mean Service?"),
            ("v1", "Endpoint", "2: kind: there is no kind \"Endpoint\"; did you mean Endpoints?"),
            ("v1", "EndPoints", "2: kind: there is no kind \"EndPoints\"; did you mean Endpoints?"),
            ("v1", "list", "2: kind: there is no kind \"list\"; did you mean List?"),
            ("v1", "Servicelist", "2: kind: there is no kind \"Servicelist\"; did you mean ServiceList?"),
            (
                "discovery.k8s.io/v1", "EndPointSlice",
                "2: kind: there is no kind \"EndPointSlice\"; did you mean EndpointSlice?"
            ),
            (
                "discovery.k8s.io/v1", "EndpointSlices",
                "2: kind: there is no kind \"EndpointSlices\"; did you mean EndpointSlice?"
            ),
            (
                "v1", "endpointslice",
                "2: kind: there is no kind \"endpointslice\"; did you mean EndpointSlice of discovery.k8s.io/v1?"
            ),
            ("core/v1", "Service", "1: apiVersion: there is no Service in \"core/v1\"; did you mean v1?"),
            ("V1", "Service", "1: apiVersion: there is no Service in \"V1\"; did you mean v1?"),
            ("v2", "Service", "1: apiVersion: there is no Service in \"v2\"; did you mean v1?"),
            ("v1beta1", "Service", "1: apiVersion: there is no Service in \"v1beta1\"; did you mean v1?"),
            ("apps/v1", "Service", "1: apiVersion: there is no Service in \"apps/v1\"; did you mean v1?"),
            (
                "discovery.k8s.io/v1", "Service",
                "1: apiVersion: there is no Service in \"discovery.k8s.io/v1\"; did you mean v1?"
            ),
            (
                "networking.k8s.io/v1", "Service",
                "1: apiVersion: there is no Service in \"networking.k8s.io/v1\"; did you mean v1?"
            ),
            ("apps/v1", "List", "1: apiVersion: there is no List in \"apps/v1\"; did you mean v1?"),
            ("V1", "List", "1: apiVersion: there is no List in \"V1\"; did you mean v1?"),
            ("apps/v1", "ServiceList", "1: apiVersion: there is no ServiceList in \"apps/v1\"; did you mean v1?"),
            (
                "v1", "EndpointSlice",
                "1: apiVersion: there is no EndpointSlice in \"v1\"; did you mean discovery.k8s.io/v1?"
            ),
            (
                "discovery.k8s.io", "EndpointSlice",
                "1: apiVersion: there is no EndpointSlice in \"discovery.k8s.io\"; did you mean discovery.k8s.io/v1?"
            ),
            (
                "discovry.k8s.io/v1", "EndpointSlice",
                "1: apiVersion: there is no EndpointSlice in \"discovry.k8s.io/v1\"; did you mean discovery.k8s.io/v1?"
            ),
            (
                "discovery.k8.io/v1", "EndpointSlice",
                "1: apiVersion: there is no EndpointSlice in \"discovery.k8.io/v1\"; did you mean discovery.k8s.io/v1?"
            ),
            (
                "discovery.k8s.io/V1", "EndpointSlice",
                "1: apiVersion: must be discovery.k8s.io/v1, not discovery.k8s.io/V1"
            ),
            (
                "discovery.k8s.io/v1", "Endpoints",
                "1: apiVersion: there is no Endpoints in \"discovery.k8s.io/v1\"; did you mean v1?"
            ),
        ]
    )
    func types(apiVersion: String, kind: String, message: String) {
        let text = "apiVersion: \(apiVersion)\nkind: \(kind)\nmetadata: {name: web}\nitems: []\n"
        #expect(read(text).errors.map(\.description) == ["a.yaml:\(message)"])
        let element = "{apiVersion: \(apiVersion), kind: \(kind), metadata: {name: web}, items: []}"
        let list = read("apiVersion: v1\nkind: List\nitems:\n- \(element)\n")
        #expect(
            list.errors.map(\.description)
                == ["a.yaml:4: items[0].\(message.split(separator: ": ", maxSplits: 1)[1])"]
        )
    }

    @Test(
        arguments: [
            ("serving.knative.dev/v1", "Service"), ("serving.knative.dev/v1", "service"),
            ("example.com/v1", "EndpointSlice"), ("example.com/v1", "Endpoints"), ("example.com/v1", "List"),
            ("cluster.x-k8s.io/v1", "Service"), ("v1", "ConfigMap"), ("v1", "ServiceAccount"), ("v1", "Secret"),
            ("v1", "Event"), ("v1", "PodList"), ("apps/v1", "Deployment"), ("networking.k8s.io/v1", "Ingress"),
            ("networking.k8s.io/v1", "ServiceCIDR"), ("apiregistration.k8s.io/v1", "APIService"),
            ("multicluster.x-k8s.io/v1alpha1", "ServiceImport"), ("cilium.io/v2", "CiliumEndpoint"),
        ]
    )
    func typesOfOthers(apiVersion: String, kind: String) {
        let reader = read("apiVersion: \(apiVersion)\nkind: \(kind)\nmetdata: {name: web}\nitems: 1\n")
        #expect(reader.errors.isEmpty && reader.manifests == Manifests(), "\(reader.errors)")
        #expect(reader.notes.map(\.description) == ["a.yaml:1: a \(kind) is passed over"])
        #expect(reader.notes.map(\.isWarning) == [false])
    }

    @Test(
        arguments: [
            ("Kind: Service\napiVersion: v1", "1: Kind: there is no such field; did you mean kind?"),
            ("kind: Service\napiversion: v1", "2: apiversion: there is no such field; did you mean apiVersion?"),
            (
                "apiVersion: v1\nkind: Service\nmetdata: {name: web}\nspec: {}",
                "3: Service: metdata: there is no such field; did you mean metadata?"
            ),
            (
                "apiVersion: v1\nkind: List\nitem: []",
                "3: item: there is no such field; did you mean items?"
            ),
        ]
    )
    func fieldsOfAnObject(text: String, message: String) {
        #expect(read(text).errors.map(\.description) == ["a.yaml:\(message)"])
    }

    @Test func bothFieldsOfAType() {
        #expect(
            read("Kind: Service\napiversion: v1").errors.map(\.error.field) == ["Kind", "apiversion"]
        )
    }

    @Test func inJSON() {
        let text = """
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
             "spec": {"clusterIP": "10.96.0.1",
              "ports": [{"port": 80}],
              "externalIps": []}}
            """
        #expect(
            read(text, file: "a.json").errors.map(\.description) == [
                "a.json:4: Service default/web: spec.externalIps: there is no such field; did you mean externalIPs?"
            ]
        )
    }

    /// Fields of a service, with what is wrong and what was meant.
    @Test(
        arguments: [
            ("spec.externalIps", "externalIPs"), ("spec.externalIP", "externalIPs"), ("spec.clusterip", "clusterIP"),
            ("spec.ClusterIPs", "clusterIPs"), ("spec.port", "ports"), ("spec.sessionAffinty", "sessionAffinity"),
            ("spec.externalTraficPolicy", "externalTrafficPolicy"), ("spec.Type", "type"), ("spec.typ", "type"),
            ("spec.healthcheckNodePort", "healthCheckNodePort"), ("spec.ipfamilies", "ipFamilies"),
            ("spec.ports[0].targetport", "targetPort"), ("spec.ports[0].nodeport", "nodePort"),
            ("spec.ports[0].Protocol", "protocol"), ("spec.ports[0].portocol", "protocol"),
            ("spec.ports[0].nam", "name"), ("spec.ports[0].prot", "port"),
            ("spec.sessionAffinityConfig.clientIp", "clientIP"),
            ("spec.sessionAffinityConfig.clientIP.timeoutSecond", "timeoutSeconds"),
            ("metadata.namspace", "namespace"), ("metadata.label", "labels"), ("metadata.Annotations", "annotations"),
            ("status.loadbalancer", "loadBalancer"), ("status.loadBalancer.ingres", "ingress"),
            ("status.loadBalancer.ingress[0].hostName", "hostname"), ("stauts", "status"),
        ]
    )
    func fieldsOfAService(path: String, meant: String) {
        let object: [(String, String)] = [
            ("", "apiVersion: v1\nkind: Service"), ("metadata", "name: web"),
            ("spec", "type: ClusterIP, clusterIP: 10.96.0.1, sessionAffinity: ClientIP"),
            ("spec.ports[0]", "port: 80"), ("spec.sessionAffinityConfig", ""),
            ("spec.sessionAffinityConfig.clientIP", "timeoutSeconds: 9"), ("status", ""), ("status.loadBalancer", ""),
            ("status.loadBalancer.ingress[0]", "ip: 192.0.2.1"),
        ]
        let owner = path.split(separator: ".").dropLast().joined(separator: ".")
        let wrong = "\(path.split(separator: ".").last ?? ""): null"
        func fields(_ path: String) -> String {
            let fields = object.first { $0.0 == path }?.1 ?? ""
            return [fields, path == owner ? wrong : ""].filter { !$0.isEmpty }.joined(separator: ", ")
        }
        func with(_ fields: String, _ more: String...) -> String {
            "{\(([fields] + more).filter { !$0.isEmpty }.joined(separator: ", "))}"
        }
        let config = with(
            fields("spec.sessionAffinityConfig"),
            "clientIP: \(with(fields("spec.sessionAffinityConfig.clientIP")))"
        )
        let ingress = "ingress: [\(with(fields("status.loadBalancer.ingress[0]")))]"
        let balancer = "loadBalancer: \(with(fields("status.loadBalancer"), ingress))"
        let text = """
            apiVersion: v1
            kind: Service
            \(owner.isEmpty ? wrong : "")
            metadata: \(with(fields("metadata")))
            spec: \(with(fields("spec"), "ports: [\(with(fields("spec.ports[0]")))]", "sessionAffinityConfig: \(config)"))
            status: \(with(fields("status"), balancer))
            """
        let errors = read(text).errors
        #expect(errors.map(\.error.field) == [path], "\(text)")
        #expect(errors.map(\.error.reason) == ["there is no such field; did you mean \(meant)?"])
    }

    @Test(
        arguments: [
            ("addresstype: IPv4", "addresstype", "addressType"), ("endpoint: []", "endpoint", "endpoints"),
            ("port: []", "port", "ports"), ("ports: [{prot: 1}]", "ports[0].prot", "port"),
            ("endpoints: [{address: []}]", "endpoints[0].address", "addresses"),
            ("endpoints: [{addresses: [10.0.0.1], nodename: a}]", "endpoints[0].nodename", "nodeName"),
            (
                "endpoints: [{addresses: [10.0.0.1], conditions: {readyy: false}}]", "endpoints[0].conditions.readyy",
                "ready"
            ),
            (
                "endpoints: [{addresses: [10.0.0.1], conditions: {terminatin: false}}]",
                "endpoints[0].conditions.terminatin", "terminating"
            ),
        ]
    )
    func fieldsOfASlice(field: String, path: String, meant: String) {
        let type = field.hasPrefix("addresstype") ? "" : "addressType: IPv4"
        let errors = read(
            """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
            \(type)
            \(field)
            """
        ).errors
        #expect(
            errors.map { "\($0.error.field ?? ""): \($0.error.reason)" } == [
                "\(path): there is no such field; did you mean \(meant)?"
            ]
        )
    }

    @Test(
        arguments: [
            ("subset: []", "subset", "subsets"), ("subsets: [{adresses: []}]", "subsets[0].adresses", "addresses"),
            ("subsets: [{notreadyAddresses: []}]", "subsets[0].notreadyAddresses", "notReadyAddresses"),
            ("subsets: [{addresses: [{IP: 10.0.0.1}]}]", "subsets[0].addresses[0].IP", "ip"),
            ("subsets: [{ports: [{Port: 80}]}]", "subsets[0].ports[0].Port", "port"),
        ]
    )
    func fieldsOfEndpoints(field: String, path: String, meant: String) {
        let errors = read("apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\n\(field)\n").errors
        #expect(
            errors.map { "\($0.error.field ?? ""): \($0.error.reason)" } == [
                "\(path): there is no such field; did you mean \(meant)?"
            ]
        )
    }

    /// All fields of Kubernetes, and some that are near none.
    @Test func fieldsThatAreNotUsed() {
        let metadata = """
            {name: web, generateName: w, namespace: default, selfLink: a, uid: a, resourceVersion: "1", generation: 1,
            creationTimestamp: null, deletionTimestamp: null, deletionGracePeriodSeconds: 1, annotations: {lable: a},
            labels: {app: a, kubernetes.io/service-name: web}, ownerReferences: [{knd: a}], finalizers: [a],
            managedFields: [], clusterName: a, initializers: a, "": a, x: 1, favorite: [{port: 1}]}
            """
        let reader = read(
            """
            apiVersion: v1
            kind: Service
            metadata: \(metadata)
            spec:
              ports: [{name: http, protocol: TCP, appProtocol: http, port: 80, targetPort: web, nodePort: 0}]
              selector: {prots: a}
              clusterIP: 10.96.0.1
              clusterIPs: [10.96.0.1]
              type: ClusterIP
              externalIPs: []
              sessionAffinity: None
              loadBalancerIP: a
              loadBalancerSourceRanges: []
              externalName: a
              externalTrafficPolicy: Cluster
              healthCheckNodePort: 0
              publishNotReadyAddresses: true
              sessionAffinityConfig: {clientIP: null}
              ipFamilies: [IPv4]
              ipFamilyPolicy: SingleStack
              ipFamily: IPv4
              topologyKeys: []
              deprecatedPublicIPs: []
              allocateLoadBalancerNodePorts: true
              loadBalancerClass: a
              internalTrafficPolicy: Cluster
              trafficDistribution: PreferClose
              color: blue
            status:
              conditions: [{typ: a}]
              loadBalancer: {ingress: [{ip: 192.0.2.1, hostname: a, ipMode: VIP, ports: [{prot: 1}]}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: \(metadata)
            addressType: IPv4
            ports: [{name: http, protocol: TCP, port: 80, appProtocol: http}]
            endpoints:
            - addresses: [10.244.0.1]
              conditions: {ready: true, serving: true, terminating: false}
              hostname: a
              targetRef: {knd: Pod}
              deprecatedTopology: {a: b}
              topology: {a: b}
              nodeName: a
              zone: a
              hints: {forZones: [], forNodes: [{name: a}]}
            ---
            apiVersion: v1
            kind: Endpoints
            metadata: \(metadata)
            subsets:
            - addresses: [{ip: 10.244.0.1, hostname: a, nodeName: a, targetRef: {knd: Pod}}]
              notReadyAddresses: []
              ports: [{name: http, port: 80, protocol: TCP, appProtocol: http}]
            """
        )
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        #expect(reader.manifests.services.count == 1 && reader.manifests.slices.count == 1)
        #expect(reader.notes.allSatisfy { !$0.isWarning }, "\(reader.notes)")
    }

    @Test(
        arguments: [
            ("metdata", "metadata"), ("PORT", "port"), ("prot", "port"), ("por", "port"), ("IP", "ip"),
            ("externalIPss", "externalIPs"),
        ]
    )
    func nearNames(text: String, name: String) { #expect(text.nearest(of: ["x", name, "y"]) == name) }

    @Test(arguments: [
        ("if", "ip"), ("i", "ip"), ("prt", "type"), ("post-it", "port"), ("data", "metadata"), ("", "ip"),
    ])
    func farNames(text: String, name: String) { #expect(text.nearest(of: [name]) == nil) }

    /// The nearest of several.
    @Test func theNearestName() {
        #expect("clusterips".nearest(of: ["clusterIP", "clusterIPs"]) == "clusterIPs")
        #expect("clusterip".nearest(of: ["clusterIPs", "clusterIP"]) == "clusterIP")
    }
}
