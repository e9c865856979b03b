# shellcheck shell=bash
# Sourced by Tests/kernel: Debian's kernels in an emulated machine, or with IPVS_KVM=1 in one that uses /dev/kvm.
# The variables are those of Tests/kernel.
# shellcheck disable=SC2034,SC2154

# shellcheck source=suite.sh
source "$library/suite.sh"

suite=sid
# The virtme-ng version that this was tested with: options and the guest's boot differ between releases.
readonly virtme_version=1.42

prepare_machine() {
  install_packages qemu-system-x86 busybox-static debian-archive-keyring file iproute2 kmod python3-venv util-linux || exit 125
  install_virtme
  install_kernel
}

install_virtme() {
  local folder=$cache/virtme-ng-$virtme_version-caching
  virtme=$folder/bin
  # A Python environment can't be moved, as its scripts contain its path. So a file in it shows that it is complete.
  [[ ! -e $folder/complete ]] || return 0
  say "installing virtme-ng $virtme_version in $folder"
  rm -rf "$folder"
  { /usr/bin/python3 -m venv "$folder" && "$virtme/pip" install --quiet "virtme-ng==$virtme_version"; } &>"$log" ||
    fail "virtme-ng $virtme_version could not be installed from PyPI: $(reason)."
  cache_files "$folder"
  touch "$folder/complete"
}

# Lets the virtual machine keep what it has read of this host's files, which don't change while it runs, except for those of its
# own folder. Most tests start programs, and each start would read the program and its libraries again. There is no option for it.
cache_files() {
  local script=("$1"/lib/python3*/site-packages/virtme/mkinitramfs.py)
  sed --in-place 's|,msize=524288 /dev/root|,msize=524288,cache=loose /dev/root|' "${script[0]}"
  grep --quiet cache=loose "${script[0]}" || fail "virtme-ng $virtme_version mounts this host's files in another way than expected."
}

# Sets image, the kernel to boot.
install_kernel() {
  local folder=$cache/linux-$series images
  if [[ ! -d $folder ]]; then
    download_kernel "$folder"
  elif $prepare_only && [[ $series == newest ]]; then
    read_lists
    [[ -e $folder/boot/vmlinuz-$(newest_release) ]] || download_kernel "$folder"
  fi
  images=("$folder"/boot/vmlinuz-*)
  image=${images[0]}
  release=${image##*/vmlinuz-}
}

download_kernel() {
  local folder=$1
  unpacking=$(mktemp -d "$cache/new.XXXXXX")
  if [[ $series == newest ]]; then download_newest; else download_of_series; fi
  unpack_kernel "$unpacking" &>"$log" || fail "Linux $series could not be unpacked: $(reason)."
  # An older one is kept until here.
  rm -rf "$folder"
  mv -T "$unpacking" "$folder"
}

download_of_series() {
  local package
  with_fresh_lists find_kernel_package || fail "This Debian offers no kernel of the series $series (linux-image-$series.*-amd64)."
  package=$(grep ^linux-image- "$log")
  say "downloading $package"
  (cd "$unpacking" && with_fresh_lists apt_get download "$package") || fail "The kernel package $package could not be downloaded: $(reason)."
}

# In unstable, the image is in a package of its own.
download_newest() {
  local release
  read_lists
  release=$(newest_release)
  say "downloading Linux $release"
  (cd "$unpacking" && apt_of_suite apt-get download linux-{binary,modules,base}-"$release") &>"$log" ||
    fail "Linux $release could not be downloaded: $(reason)."
}

newest_release() { apt_of_suite apt-cache show linux-image-amd64 | sed --quiet 's/^Depends:.* linux-image-\([^ ,]*\).*/\1/p' | head --lines=1; }

# Prints the newest package of the series, except for the cloud and real-time flavors.
find_kernel_package() {
  apt-cache search --names-only "^linux-image-${series/./\\.}\\.[0-9].*[0-9]-amd64\$" | awk '{ print $1 }' | sort --version-sort | tail --lines=1 | grep .
}

unpack_kernel() {
  local folder=$1 release package
  for package in "$folder"/*.deb; do dpkg-deb --extract "$package" "$folder" && rm "$package" || return; done
  # Debian 12 has modules in lib, Debian 13 in usr/lib, and their tools look only there, so both names must work.
  [[ ! -d $folder/lib ]] || { mkdir -p "$folder/usr/lib" && mv "$folder/lib/modules" "$folder/usr/lib/" && rmdir "$folder/lib"; } || return
  ln -s usr/lib "$folder/lib" && release=$(ls "$folder/lib/modules") || return
  # Since Linux 7, Debian has the image beside the modules.
  [[ -d $folder/boot ]] || { mkdir "$folder/boot" && mv "$folder/lib/modules/$release/vmlinuz" "$folder/boot/vmlinuz-$release"; } || return
  [[ -e $folder/boot/vmlinuz-$release ]] && depmod --basedir "$folder" "$release"
}

# The machine's folder is also its home, so that the user's settings of virtme-ng and temporary files don't matter.
# 9p instead of virtiofs: it needs no daemon, and the guest's output is in the host's files at once.
start_machine() {
  local options=(--verbose --run "$image" --user root --cpus 2 --memory "$memory" --force-9p --disable-microvm)
  # Emulated processors take turns. If they run in parallel, QEMU (7.2 at least) may translate code that the other one
  # is patching. The kernel, which switches parts of itself on and off that way, then sees a partial patch and panics.
  [[ ${IPVS_KVM-} == 1 ]] || options+=(--disable-kvm --qemu-opts='-accel tcg,thread=single')
  # Nobody attacks this kernel, and what protects it takes time: a fifth of all. Programs at random addresses take more: QEMU
  # (7.2 at least) then translates a program again each time that it starts, so that a start takes twice as long.
  options+=(--append 'mitigations=off init_on_alloc=0 norandmaps')
  options+=(--rwdir "/run/swift-ipvs=$job" --exec 'bash /run/swift-ipvs/in-guest')
  # Through a pipe: QEMU truncates an output file that it is given.
  cd /
  setsid env --ignore-environment HOME="$job" TMPDIR="$job" PATH="$virtme:/usr/sbin:/usr/bin:/sbin:/bin" \
    vng "${options[@]}" </dev/null &> >(cat >"$job/console") &
  machine=$!
}
