# shellcheck shell=bash
# Sourced by the scripts: their messages, and Debian packages.

# The output of tools that may fail. Scripts that source this set it to a file.
log=/dev/null

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Prints the reason of the tool that just failed, on one line.
reason() {
  local line
  line=$(grep --max-count=1 -E '^(E|ERROR|.*[Ee]rror):? ' "$log" || tail --lines=1 "$log")
  line=${line#E: } line=${line#ERROR: } line=${line%.}
  printf '%s' "${line:-it gave no reason}"
}

# Installs the missing ones of the packages, or says why it can't.
install_packages() {
  local package missing=()
  # Other systems have other package names: a missing tool is noticed when it is used.
  type -P dpkg-query >/dev/null || return 0
  for package; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>"$log") == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ((EUID)); then
    say "Packages are missing: run 'apt-get install --no-install-recommends ${missing[*]}' as root."
    return 1
  fi
  say "installing ${missing[*]}"
  with_fresh_lists apt_get install --yes --no-install-recommends "${missing[@]}" && return
  say "The packages ${missing[*]} could not be installed: $(reason)."
  return 1
}

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root "$@"; }

# Runs a command that depends on apt's package lists. If it fails, the lists may be missing or old, so it is tried again.
with_fresh_lists() {
  "$@" &>"$log" && return
  ((EUID == 0)) || return
  say "refreshing apt's package lists"
  apt_get update &>"$log" || return
  "$@" &>"$log"
}

# Runs swift build. SwiftPM 6.3 loads the manifests of dependencies side by side, and very rarely takes one package's for
# another's ("invalid custom path 'Sources/A' for target 'A'"). Then a second attempt succeeds.
swift_build() {
  local record status=0
  record=$(mktemp /tmp/swift-ipvs-build.XXXXXX) || return
  swift build "$@" 2>&1 | tee "$record" || status=${PIPESTATUS[0]}
  if ((status)) && grep --quiet "^error: .*: invalid custom path" "$record"; then
    say "SwiftPM could not load the packages. Trying again."
    status=0
    swift build "$@" || status=$?
  fi
  rm -f "$record"
  return "$status"
}
