# shellcheck shell=bash
# For the demos to source, which have a function usage: a scenario is run on a kernel that has IPVS.

# For ip, which a user's PATH has not.
PATH=$PATH:/usr/sbin:/sbin

examples=$(dirname "$(realpath "$0")")
readonly examples
# shellcheck source=../../Tests/lib/common.sh
source "$examples/../Tests/lib/common.sh"
kernel=()

# demonstrate SCENARIO PRODUCT... -- OPTION...: runs a scenario with some of the examples' executables.
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
  type -P swift >/dev/null || fail "Swift is missing: install it as https://www.swift.org/install/linux says."
  # What the library is built with, and what the scenario runs.
  install_packages pkg-config libnl-genl-3-dev iproute2 python3 || exit 1
  # First, as it is the one to know whether there can be such a kernel here.
  with_kernel --prepare
  build "${products[@]}"
  with_kernel "$examples/lib/$scenario" "${products[@]/#/$examples/.build/debug/}"
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

# Keeps what a command prints in output.
quietly() { output=$("$@" 2>&1); }

# Debug builds, as they are made sooner and the kernel does the work here.
build() {
  local product
  for product; do
    say "building $product"
    quietly swift build --package-path "$examples" --product "$product" || fail "$product could not be built:"$'\n'"$output"
  done
}

with_kernel() {
  local status=0
  "$examples/../Tests/kernel" "${kernel[@]}" "$@" || status=$?
  case $status in
    0) ;;
    # The reason has been told.
    1 | 124 | 125) exit 1 ;;
    129 | 130 | 143) exit "$status" ;;
    *) fail "The demo ended too early, with the exit status $status." ;;
  esac
}
