# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# support.sh - what the fault scripts share. To be sourced by bash with `set -euo pipefail`.
# A script plays one fault of docs/reliability.md that needs root, tools of the system or much time. It
# prints "ok WHAT", "not ok WHAT" or "skipped: WHY" and exits with 0, 1 or 77.
# PROCFARM_BUILD names the build, as for tools/test; debug if it is not set.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build/${PROCFARM_BUILD:-debug}
tool=$build/procfarm
system_tests=$build/tests/system_tests
failures=0
name=$(basename "$0")
scratch=$(mktemp -d "/tmp/procfarm-$name.XXXXXX")
at_end=()

clean_up() {
  local each
  for each in "${at_end[@]}"; do eval "$each" || true; done
  rm -rf "$scratch"
}
trap clean_up EXIT
cd "$scratch"

skip() {
  printf 'skipped: %s\n' "$*"
  exit 77
}

# check WHAT COMMAND...: the command must succeed.
check() {
  if "${@:2}" >/dev/null; then
    printf 'ok %s\n' "$1"
  else
    printf 'not ok %s\n' "$1"
    failures=$((failures + 1))
  fi
}

finish() {
  ((failures == 0)) || exit 1
  exit 0
}

needs_root() { ((EUID == 0)) || skip "needs root"; }
needs() { command -v "$1" >/dev/null || skip "needs $1"; }
needs_build() { [[ -x $1 ]] || skip "$1 is not built"; }

# control_group CONTROLLER: makes a group of cgroup v1 and prints its path; removed at the end.
control_group() {
  local path=/sys/fs/cgroup/$1/procfarm-$name-$$
  mkdir "$path" 2>/dev/null || skip "no group of the $1 controller can be made"
  at_end+=("remove_group $path")
  group=$path
}

remove_group() {
  local i
  for ((i = 0; i < 100; i++)); do
    rmdir "$1" 2>/dev/null && return
    sleep 0.05
  done
}

# run_tool STATUS_VARIABLE ARGUMENT...: output in out and err; never longer than 60 s.
run_tool() {
  local -n into=$1
  into=0
  timeout --signal=KILL 60 "$tool" "${@:2}" >out 2>err || into=$?
}

# nothing_left: no process works for a run in our directory any more.
nothing_left() {
  local i
  for ((i = 0; i < 40; i++)); do
    pgrep -f "marker-$name-$$" >/dev/null || return 0
    sleep 0.05
  done
  return 1
}
