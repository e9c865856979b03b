# shellcheck shell=bash
# Sourced by the demos, which have a function usage: runs a scenario on a kernel that has IPVS.

# For ip, which is not in a user's PATH.
PATH=$PATH:/usr/sbin:/sbin

examples=$(dirname "$(realpath "$0")")
readonly examples
# shellcheck source=../../Tests/lib/common.sh
source "$examples/../Tests/lib/common.sh"
kernel=()

# demonstrate SCENARIO PRODUCT... -- OPTION...: runs a scenario with executables of the examples.
demonstrate() {
  local scenario=$1 products=()
  shift
  while [[ $1 != -- ]]; do
    products+=("$1")
    shift
  done
  shift
  parse "$@"
  log=$(mktemp /tmp/swift-ipvs-demo.XXXXXX)
  trap 'rm -f "$log"' EXIT
  type -P swift >/dev/null || fail "Swift is missing; see https://www.swift.org/install/linux."
  # For building the library, and for the scenario.
  install_packages pkg-config libnftables-dev libnl-genl-3-dev iproute2 python3 || exit 1
  # First, as it finds out whether such a kernel can be used here.
  with_kernel --prepare
  # Tests/run has built them already.
  local programs=${IPVS_PROGRAMS-}
  if [[ -z $programs ]]; then
    programs=$examples/.build/debug
    build "${products[@]}"
  fi
  with_kernel "$examples/lib/$scenario" "${products[@]/#/$programs/}"
}

parse() {
  while (($#)); do
    case $1 in
      --kernel)
        (($# > 1)) || fail "--kernel needs a value; see --help."
        kernel=(--kernel "$2")
        shift 2
        ;;
      --help) usage && exit ;;
      *) fail "There is no option $1; see --help." ;;
    esac
  done
}

fail() {
  say "$*"
  exit 1
}

# Stores the output of a command in output.
quietly() { output=$("$@" 2>&1); }

# Debug builds are faster to build, and the kernel does the work here.
build() {
  local product
  for product; do
    say "building $product"
    quietly swift_build --package-path "$examples" --product "$product" || fail "$product could not be built:"$'\n'"$output"
  done
}

with_kernel() {
  local status=0
  "$examples/../Tests/kernel" "${kernel[@]}" "$@" || status=$?
  case $status in
    0) ;;
    # The reason was already printed.
    1 | 124 | 125) exit 1 ;;
    129 | 130 | 143) exit "$status" ;;
    *) fail "The demo ended too early, with the exit status $status." ;;
  esac
}
