# shellcheck shell=bash
# Sourced by Tests/checks/*. A check runs in the repository's root folder and keeps its files in $work.

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
# shellcheck source=common.sh
source Tests/lib/common.sh

# swift-testing takes a pipe for a terminal, and the virtual machine's output comes through a pipe.
[[ -t 2 ]] || export NO_COLOR=1

# Prints the comment at the top of the check.
describe() { sed --quiet '2,/^[^#]/ s/^# //p' "Tests/checks/${0##*/}"; }

# The usage line is also the rule: each argument must be one of the words at its position, where capitals stand for any value.
accept() {
  local words argument
  read -ra words < <(describe)
  (($# == ${#words[@]} - 2)) || return
  for argument; do
    [[ ${words[2]} =~ ^[A-Z]+$ || "|${words[2]}|" == *"|$argument|"* ]] || return
    words=("${words[@]:1}")
  done
}

fail() {
  say "$*"
  exit 1
}

# One build folder for all packages here, which share most of their modules, and one set of compiler options, as with others
# everything would be built again. A package that has dependencies can't be built with -Xcc -Werror, which SwiftPM 6.3 takes for
# an option of swiftc. Nobody reads the debug information, which would make the programs several times as large.
# The modules here are built so that libFuzzer sees what runs: that takes their tests a little more time, and another build would
# take minutes. Programs for release are as others build them.
readonly strict=$PWD/.build-strict
build_strictly() {
  local options=(--scratch-path "$strict" -debug-info-format none -Xswiftc -warnings-as-errors)
  local -x IPVS_FUZZER
  if [[ " $* " == *" release "* ]]; then
    build_c_once "${options[@]}" "$@"
  else
    [[ ! -e $(libfuzzer) ]] || IPVS_FUZZER=$(libfuzzer)
    build_fast "${options[@]}" "$@"
  fi
}

# Builds for debugging what is built once. Whole modules at a time, which takes a quarter less; with one thread, SwiftPM would find
# no tests, as it finds them by the index. The index needs no other modules, which would take an eighth of the time.
build_fast() {
  build_c_once -Xswiftc -whole-module-optimization -Xswiftc -disable-batch-mode -Xswiftc -num-threads -Xswiftc 2 \
    -Xswiftc -index-ignore-system-modules -Xswiftc -index-ignore-clang-modules "$@"
}

build_c_once() {
  local -x CC=${CC-}
  [[ -n $CC ]] || ! type -P ccache >/dev/null || CC=$PWD/Tests/lib/cached-clang
  swift_build "$@"
}

# Prints the path of libFuzzer as a library, which not each clang has.
libfuzzer() { printf '%s' "$(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer_no_main-$(uname -m).a"; }

# Tests/run has built everything before it starts a check that needs a build. Without it, a check must not test an old build.
require_build() {
  if [[ -z ${IPVS_RUN-} ]]; then
    Tests/checks/build "$1"
  else
    [[ -e $IPVS_RUN/built-$1 ]] || fail "There is nothing to test: the build failed."
  fi
}

# Prints the text files that match pathspecs, committed or not, each followed by a NUL.
files() { git grep --untracked --files-with-matches --null -I '' -- "$@"; }

if [[ ${1-} == --help ]]; then describe && exit; fi
accept "$@" || { describe | head --lines=1 >&2 && exit 2; }
work=$(mktemp -d /tmp/swift-ipvs-check.XXXXXX)
log=$work/log
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
