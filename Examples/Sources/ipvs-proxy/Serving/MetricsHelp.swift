/// What metrics mean, by their names.
enum MetricsHelp {
    static let texts = [
        "ipvs_proxy_api_objects": "Objects of an API server that are known.",
        "ipvs_proxy_api_seconds_since_contact": "Time since an API server last showed that it is there.",
        "ipvs_proxy_api_synced": "Whether a whole list of an API server's objects was received once.",
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
        "kubeproxy_sync_full_proxy_rules_duration_seconds": "Time that a sync takes which compares everything.",
        "kubeproxy_sync_full_proxy_rules_total": "Syncs that compared everything.",
        "kubeproxy_sync_partial_proxy_rules_duration_seconds": "Time that a sync takes which looks at changes only.",
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
        "kubernetes_build_info": "A constant 1, with the program's version and platform as labels.",
        "rest_client_rate_limiter_duration_seconds": "Time that requests to an API server have waited for their turn.",
        "rest_client_request_duration_seconds": "Time that an API server takes to answer.",
        "rest_client_requests_total": "Requests to an API server by their codes, methods and hosts.",
    ]
}
