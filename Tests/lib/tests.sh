# shellcheck shell=bash
# Sourced by the checks that run tests.

# shellcheck source=../lib/check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
limit_seconds=900
readonly events=$work/events

# Prints the path of the program with the tests of the library or of the examples.
test_program() {
  local package=swift-ipvs
  [[ $1 == library ]] || package+=-$1
  local program=$strict/debug/${package}PackageTests.xctest
  [[ -x $program ]] || fail "The build has left no tests: there is no $program."
  printf '%s' "$program"
}

# Lets the tests of the examples start the programs for release, which takes half as long as with those for debugging.
use_release_programs() {
  require_build ipvsctl
  require_build ipvs-proxy
  export IPVSCTL=$strict/release/ipvsctl IPVS_PROXY=$strict/release/ipvs-proxy
}

# A test that hangs fails, as in Tests/kernel. In the foreground, so that Ctrl-C reaches it.
limited() {
  local status=0
  timeout --foreground --signal=INT --kill-after=10 "$limit_seconds" "$@" || status=$?
  ((status != 124 && status != 137)) || say "The tests were stopped: they took longer than $limit_seconds s."
  return "$status"
}

# count_tests COMMAND...: fails if a test failed, by the events that COMMAND writes to $events. Tests/run gets the counts.
count_tests() {
  local status=0 passed failed skipped
  "$@" || status=$?
  read -r passed failed skipped < <(count_events "$status")
  echo "$passed $failed $skipped" >"${IPVS_COUNTS-/dev/null}"
  ((failed == 0))
}

# Prints the numbers of tests that passed, failed and were skipped. A test, unlike a suite, has a name that ends with a
# position in a file; quotes in the texts of events are escaped, so these patterns can't occur there.
# A run that crashed, that did not reach its end or in which no test passed has failed, whatever its tests report.
count_events() {
  touch "$events"
  awk -v status="$1" '
    !/"testID":"[^"]*:[0-9]+:[0-9]+"/ { if (/"kind":"runEnded"/) ended = 1; next }
    /"kind":"testSkipped"/ { ++skipped }
    /"kind":"testEnded"/ { if (/"symbol":"fail"/) ++failed; else ++passed }
    END {
      if (!failed && (status || !ended || !passed)) failed = 1
      print passed + 0, failed + 0, skipped + 0
    }' "$events"
}
