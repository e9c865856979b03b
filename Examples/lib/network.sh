# shellcheck shell=bash
# Sourced by the scenarios: a client, a load balancer and three web servers, each in its own network namespace, and requests of
# the client, which must be distributed according to the weights.

# Root may have the PATH of a user, without root's tools.
PATH=$PATH:/usr/sbin:/sbin

library=$(dirname "$(realpath "$0")")
readonly library
readonly address=10.96.0.1 port=80
# The scheduler works in cycles as long as the sum of the weights. This is a multiple of all sums in the scenarios, so the
# distribution is exact.
readonly requests=120
names=(web1 web2 web3)
declare -A real=([web1]=10.0.1.2:8080 [web2]=10.0.2.2:8080 [web3]=10.0.3.2:8080)
declare -A weight=([web1]=1 [web2]=1 [web3]=1)
servers=()

# The scenarios set it to the executable ipvs-demo.
program=

fail() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

clean_up() {
  local name
  { kill "${servers[@]}" ${client_PID:+"$client_PID"} || true; } 2>/dev/null
  for name in balancer client "${names[@]}"; do ip netns delete "ipvs-demo-$name" 2>/dev/null || true; done
}

# Begins a step.
begin() {
  printf '\n== %s\n\n' "$*"
  balancer zero
}

# ---- The network: the client and the web servers have one link each, to the balancer ----

make_network() {
  local name number=0 balancer=("link set lo up")
  {
    printf 'netns add ipvs-demo-%s\n' balancer client "${names[@]}"
    for name in client "${names[@]}"; do
      echo "link add eth0 netns ipvs-demo-$name type veth peer name $name netns ipvs-demo-balancer"
    done
  } | ip_batch
  for name in client "${names[@]}"; do
    balancer+=("address add 10.0.$number.1/24 dev $name" "link set $name up")
    printf '%s\n' "link set lo up" "address add 10.0.$number.2/24 dev eth0" "link set eth0 up" \
      "route add default via 10.0.$number.1" | ip_batch -netns "ipvs-demo-$name"
    number=$((number + 1))
  done
  printf '%s\n' "${balancer[@]}" | ip_batch -netns ipvs-demo-balancer
}

ip_batch() { ip "$@" -batch - || fail "The demo's network could not be created."; }

inside() { ip netns exec "ipvs-demo-$1" "${@:2}"; }

# Without the user's settings and packages.
python() { inside "$1" /usr/bin/python3 -I -S "$library/$2" "${@:3}"; }

start_web() {
  local name process listening
  coproc client { python client web-client.py "$address" "$port"; }
  # All at once. Each prints its process ID when it listens.
  exec {listening}< <(for name in "${names[@]}"; do python "$name" web-server.py "$name" "${real[$name]#*:}" & done)
  for name in "${names[@]}"; do
    read -r process <&"$listening" || fail "A web server could not be started."
    servers+=("$process")
  done
  exec {listening}<&-
}

# Sends the client a command. Sets answered to the names of those who answered, and reason to why a request was not answered.
ask_client() {
  # The shell unsets the variable when the coprocess has ended.
  { [[ -v client ]] && echo "$*" >&"${client[1]}" && IFS=';' read -r answered reason <&"${client[0]}"; } || fail "The client has ended."
}

# ---- The balancer ----

balancer() { "$program" ipvs-demo-balancer "$@" || fail "A command for the balancer failed."; }

# Sends requests, shows who answered them, and fails if the distribution doesn't match the weights. The web server in the
# argument got a connection earlier in this step.
send_requests() {
  local name number sum=0 bar table endpoint answers answer patience=4 expected=() got=() opened=() counted=()
  local -A count=() connections=()
  ask_client send "$requests"
  read -ra answers <<<"$answered"
  for answer in "${answers[@]}"; do count[$answer]=$((${count[$answer]-0} + 1)); done
  for name in "${names[@]}"; do sum=$((sum + weight[$name])); done
  for name in "${names[@]}"; do
    number=${count[$name]-0}
    expected+=("$name $((requests * weight[$name] / sum))")
    got+=("$name $number")
    [[ $name != "${1-}" ]] || number=$((number + 1))
    opened+=("$name $number")
  done

  # The kernel adds up its processors' counters every two seconds, or later if it is very busy.
  while ((patience--)) && [[ ${counted[*]} != "${opened[*]}" ]]; do
    sleep 2.5
    table=$(balancer show)
    # A real server's line: address, forwarding, weight, active and inactive connections, all connections, ...
    while read -r endpoint _ _ _ _ number _; do connections[$endpoint]=$number; done <<<"$table"
    counted=()
    for name in "${names[@]}"; do counted+=("$name ${connections[${real[$name]}]-0}"); done
  done

  printf '\n%s\n\n%s of %s requests, each on its own connection, were answered:\n' "$table" "${#answers[@]}" "$requests"
  for name in "${names[@]}"; do
    printf -v bar '%*s' $((${count[$name]-0} / 2)) ''
    printf '  %s %4d%s\n' "$name" "${count[$name]-0}" "${bar:+  ${bar// /#}}"
  done
  [[ -z $reason ]] ||
    fail "Expected answers from $(list "${expected[@]}"), but after answers from $(list "${got[@]}") there was none: $reason."
  [[ ${got[*]} == "${expected[*]}" ]] ||
    fail "Expected answers from $(list "${expected[@]}"), but got them from $(list "${got[@]}")."
  [[ ${counted[*]} == "${opened[*]}" ]] ||
    fail "Expected that the kernel counts the connections $(list "${opened[@]}"), but it counted $(list "${counted[@]}")."
}

list() {
  local text
  printf -v text '%s, ' "$@"
  printf '%s' "${text%, }"
}
