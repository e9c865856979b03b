# shellcheck shell=bash
# Sourced by Tests/kernel: Debian's User Mode Linux, a kernel that runs as a process of this host.
# The variables are those of Tests/kernel.
# shellcheck disable=SC2034,SC2154

# shellcheck source=suite.sh
source "$library/suite.sh"

prepare_machine() {
  case $series in
    uml-6.1) suite=bookworm ;;
    uml-6.12) suite=trixie ;;
    uml-newest) suite=sid ;;
  esac
  install_packages busybox-static debian-archive-keyring iproute2 kmod patchelf util-linux || exit 125
  local folder=$cache/$series
  if [[ ! -d $folder ]]; then
    download_uml "$folder"
  elif $prepare_only && [[ $series == uml-newest ]]; then
    read_lists
    [[ $(<"$folder/version") == "$(package_version)" ]] || download_uml "$folder"
  fi
  image=$folder/linux
  release=$(ls "$folder/lib/modules")
}

package_version() { apt_of_suite apt-cache show user-mode-linux | sed --quiet 's/^Version: //p' | head --lines=1; }

download_uml() {
  local folder=$1
  read_lists
  unpacking=$(mktemp -d "$cache/new.XXXXXX")
  package_version >"$unpacking/version"
  say "downloading user-mode-linux $(<"$unpacking/version") to $folder"
  # Its C library too, as this system's may be older.
  (cd "$unpacking" && apt_of_suite apt-get download user-mode-linux libc6) &>"$log" || fail "User Mode Linux could not be downloaded: $(reason)."
  unpack_uml "$unpacking" "$folder" &>"$log" || fail "User Mode Linux could not be unpacked: $(reason)."
  # An older one is kept until here.
  rm -rf "$folder"
  mv -T "$unpacking" "$folder"
}

# unpack_uml FOLDER PLACE: FOLDER will be moved to PLACE.
unpack_uml() {
  local release libraries=usr/lib/x86_64-linux-gnu
  mkdir "$1/libc" || return
  dpkg-deb --extract "$1"/user-mode-linux_*.deb "$1" && dpkg-deb --extract "$1"/libc6_*.deb "$1/libc" && rm "$1"/*.deb || return
  [[ -e $1/libc/$libraries/libc.so.6 ]] || libraries=lib/x86_64-linux-gnu
  patchelf --set-interpreter "$2/libc/$libraries/ld-linux-x86-64.so.2" --set-rpath "$2/libc/$libraries" --output "$1/linux" "$1/usr/bin/linux.uml" || return
  mv "$1/usr/lib/uml/modules" "$1/usr/lib/modules" && ln -s usr/lib "$1/lib" || return
  release=$(ls "$1/lib/modules") && depmod --basedir "$1" "$release" || return
  # Later ones don't need it.
  [[ $series != uml-6.1 ]] || clang -O2 -shared -fPIC -o "$1/registers.so" "$library/uml-registers.c"
}

# The machine's folder is also its home. Its memory is a file, which need not be on a disk.
start_machine() {
  local environment=(HOME="$job" TMPDIR=/dev/shm PATH=/usr/sbin:/usr/bin:/sbin:/bin)
  [[ -w /dev/shm ]] || environment+=(TMPDIR="$job")
  [[ ! -e ${image%/*}/registers.so ]] || environment+=(LD_PRELOAD="${image%/*}/registers.so")
  cp "$library/in-uml" "$job"
  cd /
  setsid env --ignore-environment "${environment[@]}" "$image" \
    "mem=$memory" rootfstype=hostfs root=/dev/root rootflags=/ rw "init=$job/in-uml" "SHARED=$job" "KERNEL=${image%/*}" \
    con=null con0=null,fd:1 ssl0=null,fd:3 ssl1=null,fd:4 quiet \
    </dev/null &>"$job/console" 3>"$job/stdout" 4>"$job/stderr" &
  machine=$!
}
