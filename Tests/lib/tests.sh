# shellcheck shell=bash
# For the checks that run tests to source.

# shellcheck source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
readonly limit_seconds=900
readonly events=$work/events

# Prints the path of the program that has a package's tests.
test_program() {
  local programs=("$PWD/.build-strict-$1"/debug/*PackageTests.xctest)
  [[ -x ${programs[0]} ]] || fail "The build has left no tests in .build-strict-$1."
  printf '%s' "${programs[0]}"
}

# A test that hangs fails, as in Tests/kernel. In the foreground, where Ctrl-C reaches it too.
limited() {
  local status=0
  timeout --foreground --signal=INT --kill-after=10 "$limit_seconds" "$@" || status=$?
  ((status != 124 && status != 137)) || say "The tests were stopped: they took longer than $limit_seconds s."
  return "$status"
}

# count_tests COMMAND...: fails if a test failed, by the events that COMMAND leaves in $events. Tests/run gets the numbers.
count_tests() {
  local status=0 passed failed skipped
  "$@" || status=$?
  read -r passed failed skipped < <(count_events "$status")
  echo "$passed $failed $skipped" >"${IPVS_COUNTS-/dev/null}"
  ((failed == 0))
}

# Prints how many tests passed, failed and were skipped. A test is told from a suite by the place in a file that ends its
# name; quotes within the events' texts are escaped, so that these patterns can't occur there.
# A run that crashed, that did not reach its end or in which no test passed has failed, whatever its tests say.
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
