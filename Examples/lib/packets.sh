# shellcheck shell=bash
# Sourced by the scenario of the proxy: connections that need packet rules.

# The variables and functions are those of network.sh and the scenario.
# shellcheck disable=SC2154

# Adds a service with one endpoint to the manifest: NAME CLUSTER-IP WEB-SERVER REST. The rest are lines of the spec, and of
# the status.
add_service() {
  cat >>"$manifest" <<END
---
apiVersion: v1
kind: Service
metadata: {name: $1}
spec:
  clusterIP: $2
$4
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: $1-1, labels: {kubernetes.io/service-name: $1}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [${real[$3]%:*}], nodeName: node}]
END
}

# expect FROM ADDRESS PORT PATH ANSWER: sends requests until one has this answer, and fails if none has.
expect() {
  local got='' patience=20 seconds=20
  # A silence must not take longer than necessary.
  [[ $5 != "no answer" ]] || seconds=3
  while ((patience--)); do
    got=$(python "$1" fetch.py "$2" "$3" "$4" "$seconds")
    [[ $got != "$5" ]] || break
    sleep 1
  done
  [[ $got == "$5" ]] || fail "Expected that $1 gets '$5' from $2:$3, but it got '$got'."
  printf '%s -> %s:%s: %s\n' "$1" "$2" "$3" "$got"
}

show_packets() {
  begin "6. web3 moves behind another node, and knows no way to the client. A node port still leads to it, as the node's own address is put in."
  ip -netns ipvs-demo-web3 route delete default
  add_service outside 10.96.0.2 web3 "  type: NodePort
  ports: [{port: 80, nodePort: 30080}]"
  expect client 10.0.0.1 30080 /source "web3, asked by 10.0.3.1"

  begin "7. A pod that reaches itself through its service gets an answer, too."
  add_service self 10.96.0.3 web1 "  ports: [{port: 80}]"
  expect web1 10.96.0.3 80 /source "web1, asked by 10.0.1.1"

  begin "8. A load balancer's address is open to 10.0.2.0/24 only: web2 is in there, and the client is not."
  add_service ranged 10.96.0.4 web1 "  type: LoadBalancer
  loadBalancerSourceRanges: [10.0.2.0/24]
  ports: [{port: 80}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.4}]}}"
  expect web2 203.0.113.4 80 / web1
  expect client 203.0.113.4 80 / "no answer"

  begin "9. With the local policy, the endpoint sees the client itself, and a load balancer can ask whether the node has endpoints."
  add_service local 10.96.0.5 web1 "  type: LoadBalancer
  externalTrafficPolicy: Local
  healthCheckNodePort: 32000
  ports: [{port: 80, nodePort: 30081}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.5}]}}"
  expect client 203.0.113.5 80 /source "web1, asked by 10.0.0.2"
  expect client 10.0.0.1 32000 / \
    '{ "service": { "namespace": "default", "name": "local" }, "localEndpoints": 1, "serviceProxyHealthy": true }'
  printf '\nThe proxy listens at port 10256 of all addresses, but nobody reaches it at the address of a service:\n'
  expect client 203.0.113.5 10256 / "Connection refused"
  ip -netns ipvs-demo-web3 route add default via 10.0.3.1
}
