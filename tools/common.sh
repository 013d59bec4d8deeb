# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: MIT
# common.sh - what the scripts share: where the sources are, the Debian packages they need, the build.
# To be sourced by bash with `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(g++ meson ninja-build pkg-config ccache libzmq3-dev cppzmq-dev libmsgpack-cxx-dev
  libfmt-dev libtomlplusplus-dev libcli11-dev nlohmann-json3-dev libsqlitecpp-dev libsqlite3-dev
  libxxhash-dev libssl-dev libpugixml-dev)
test_packages=(doctest-dev gdb libcurl4-openssl-dev nginx-light)
check_packages=(clang clang-format faketime clang-tidy cmake doxygen git strace zsh fish)
bench_build_packages=(libtbb-dev valgrind)
bench_packages=(python3 python3-joblib python3-pebble python3-mpi4py openmpi-bin python3-distributed
  parallel findutils make strace linux-perf)
fuzz_packages=(clang libclang-rt-14-dev)

# What one checkout has compiled serves another of the same sources.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=true

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# needs_packages NAME...: installs those that are missing.
needs_packages() {
  local missing=() name
  command -v dpkg-query >/dev/null || return 0 # not a Debian: the build will say what it misses
  for name in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] ||
      missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  ((EUID == 0)) || die "packages are missing; run as root: apt-get install ${missing[*]}"

  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  local install=(apt-get install -y -q --no-install-recommends "${missing[@]}")
  # A fresh machine has no package lists yet, and old ones name files that are gone.
  "${install[@]}" </dev/null >&2 || {
    apt-get update -q </dev/null >&2
    "${install[@]}" </dev/null >&2
  } || die "could not install ${missing[*]}"
}

# needs_azurite: installs the object store that some tests talk to, unless it is there. Sets
# PROCFARM_AZURITE to the script that node runs; where it cannot be had, says so and leaves that empty.
needs_azurite() {
  local version=3.37.0 folder=$root/build/azurite script
  script=$folder/node_modules/azurite/dist/src/blob/main.js
  export PROCFARM_AZURITE=${PROCFARM_AZURITE:-}
  [[ -z $PROCFARM_AZURITE ]] || return 0
  if [[ ! -f $folder/node_modules/.package-lock.json ]]; then # npm writes it last
    command -v npm >/dev/null || (needs_packages nodejs npm) || true
    mkdir -p "$folder"
    say "installing azurite $version"
    npm install --prefix "$folder" --no-audit --no-fund --loglevel=error "azurite@$version" \
      </dev/null >&2 || {
      say "azurite is not to be had: the tests that need it are skipped"
      return 0
    }
  fi
  PROCFARM_AZURITE=$script
}

# configure NAME OPTION...: makes build/NAME, once.
configure() {
  local directory=$root/build/$1
  shift
  [[ -f $directory/build.ninja ]] || meson setup "$directory" "$root" "$@" </dev/null >&2
}

# build NAME [TARGET...]
build() {
  local directory=$root/build/$1
  shift
  ninja -C "$directory" "$@" </dev/null >&2
}
