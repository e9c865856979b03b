# shellcheck shell=bash
# Sourced by the checks of packages that depend on this one. The working tree is released in a repository that stands in
# for the one in the README, and the package in $consumer depends on that release.

# shellcheck source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
readonly consumer=$work/consumer
# The line in the README for users of the core, which is taken from there so that it is tested.
core_dependency=$(grep --only-matching -E '\.package\(url: "[^"]*/swift-ipvs(\.git)?", from: "[^"]*", traits: \[\]\)' README.md | sort --unique) || true
[[ $core_dependency =~ ^[^$'\n']*\"([^\"]*)\",\ from:\ \"([0-9.]*)\"[^$'\n']*$ ]] ||
  fail 'README.md has to have one line .package(url: "…/swift-ipvs.git", from: "…", traits: []) in one form.'
readonly core_dependency url=${BASH_REMATCH[1]} version=${BASH_REMATCH[2]}

release() {
  local setting=${GIT_CONFIG_COUNT:-0}
  git init --quiet "$work/release"
  in_release add --all
  in_release commit --quiet --message "Release"
  in_release tag "$version"
  # SwiftPM's git uses the release instead of the address.
  export GIT_CONFIG_COUNT=$((setting + 1)) "GIT_CONFIG_KEY_$setting=url.file://$work/release.insteadOf" "GIT_CONFIG_VALUE_$setting=$url"
}

in_release() {
  git --git-dir "$work/release/.git" --work-tree . -c user.name=Tests -c user.email=nobody@localhost \
    -c commit.gpgsign=false -c tag.gpgsign=false -c core.hooksPath=/dev/null "$@"
}

# SwiftPM caches downloads and their digests by the address, which is not the real one: not in the user's folders.
# It leaves locks in the folder for temporary files.
in_consumer() {
  TMPDIR=$work swift "$1" --package-path "$consumer" --cache-path "$work/cache" --security-path "$work/security" "${@:2}"
}
