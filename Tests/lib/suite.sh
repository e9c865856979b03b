# shellcheck shell=bash
# Sourced by what Tests/kernel sources: packages of the Debian release in suite, which need not be this system's, so that it has
# package lists of its own. They need the package debian-archive-keyring.
# shellcheck disable=SC2154

apt_of_suite() {
  local command=$1 state=$cache/apt-$suite
  shift
  "$command" -q -o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$state/lists" \
    -o "Dir::Cache=$state" -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}

# Reads the package lists of the suite.
read_lists() {
  local mirror
  mkdir -p "$cache/apt-$suite/lists"
  # This system's own mirror, if it is a Debian.
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' | sed --quiet 's/^Debian Debian //p' | head --lines=1)
  echo "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} $suite main" \
    >"$cache/apt-$suite/sources.list"
  apt_of_suite apt-get update &>"$log" || fail "Debian's package lists of $suite could not be read: $(reason)."
}
