# shellcheck shell=bash
# For the scripts to source: what they say, and Debian's packages.

# What a tool prints that may fail. Who sources this sets it to a file.
log=/dev/null

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# What the tool that just failed gave as its reason, on one line.
reason() {
  local line
  line=$(grep --max-count=1 -E '^(E|ERROR|.*[Ee]rror):? ' "$log" || tail --lines=1 "$log")
  line=${line#E: } line=${line#ERROR: } line=${line%.}
  printf '%s' "${line:-it gave no reason}"
}

# Installs those of the packages that are missing, or says why it can't.
install_packages() {
  local package missing=()
  # Elsewhere packages have other names: what is missing shows where it is used.
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

# Runs a command that depends on apt's package lists; where it fails they may be missing or old, so it gets a second try.
with_fresh_lists() {
  "$@" &>"$log" && return
  ((EUID == 0)) || return
  say "refreshing apt's package lists"
  apt_get update &>"$log" || return
  "$@" &>"$log"
}
