# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# common.sh - what the fault scripts share: a place of their own, the tool under a fault, and what
# must hold afterwards. To be sourced. Each case prints `ok NAME`, `not ok NAME: why` or
# `skipped NAME: why`; the script ends with 1 if one failed, 77 if all were skipped, else 0.
set -euo pipefail
exec </dev/null

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tool=${PROCFARM_TOOL:-$root/build/${PROCFARM_BUILD:-debug}/procfarm}
mark=PROCFARM_FAULT=$$.$RANDOM # in the environment of all that is started here
scratch=$(mktemp -d /tmp/procfarm-fault.XXXXXX)
mounts=()
groups=()
passed=0
failed=0
skipped=0
cases=0
case_name=''
case_failures=()

[[ -x $tool ]] || {
  echo "no tool at $tool: build it, or name the build with PROCFARM_BUILD" >&2
  exit 2
}

at_end() {
  local status=$? place
  for place in "${mounts[@]}"; do umount -l "$place" || true; done
  for place in "${groups[@]}"; do rmdir "$place" || true; done
  rm -rf "$scratch"
  ((status == 0)) || exit "$status"
  ((failed == 0)) || exit 1
  ((passed > 0)) || exit 77
}
trap at_end EXIT

# begin NAME: a case in a directory of its own, with its own directory for sockets.
begin() {
  case_name=$1
  case_failures=()
  cases=$((cases + 1))
  here=$scratch/$cases # short: a path of a socket is
  mkdir -p "$here/tmp"
  cd "$here"
  export TMPDIR=$here/tmp
  unset XDG_RUNTIME_DIR
  export "${mark?}"
}

fails() { case_failures+=("$*"); }

# end: the verdict. Whatever the fault was, no process and no socket may be left.
end() {
  local left
  left=$(marked_processes)
  [[ -z $left ]] || fails "processes are left: $left"
  left=$(find "$TMPDIR" -mindepth 1 2>/dev/null | head -n 3)
  [[ -z $left ]] || fails "files are left: $left"
  cd "$scratch"
  if ((${#case_failures[@]})); then
    failed=$((failed + 1))
    printf 'not ok %s: %s\n' "$case_name" "$(printf '%s; ' "${case_failures[@]}")"
    [[ ! -s $here/err ]] || sed 's/^/    /' "$here/err" | tail -n 15
  else
    passed=$((passed + 1))
    printf 'ok %s\n' "$case_name"
  fi
}

skip() {
  skipped=$((skipped + 1))
  printf 'skipped %s: %s\n' "$1" "$2"
}

# needs_root NAME: false, and the case is skipped, for anybody else.
needs_root() {
  ((EUID == 0)) && return 0
  skip "$1" 'needs root'
  return 1
}

# needs_program NAME PROGRAM
needs_program() {
  command -v "$2" >/dev/null && return 0
  skip "$1" "needs $2"
  return 1
}

# Pids of processes that were started here and live; zombies have no environment.
marked_processes() {
  local tries file found
  for ((tries = 0; tries < 200; ++tries)); do # what was killed may need a moment to be gone
    found=''
    for file in /proc/[0-9]*/environ; do
      [[ $file == "/proc/$$/environ" || $file == "/proc/$BASHPID/environ" ]] && continue
      if grep -qsF "$mark" "$file" 2>/dev/null; then
        file=${file%/environ}
        # Not this script's own children, which are a moment old.
        [[ $(readlink "$file/exe" 2>/dev/null) == "$BASH" ]] || found+="${file#/proc/} "
      fi
    done
    [[ -n $found ]] || return 0
    sleep 0.05
  done
  printf '%s' "$found"
}

# eventually COMMAND...: until it succeeds; false after 20 s.
eventually() {
  local tries
  for ((tries = 0; tries < 1000; ++tries)); do
    "$@" && return 0
    sleep 0.02
  done
  return 1
}

# run COMMAND...: with a limit of 60 s; its streams go to `out` and `err`, its exit code to `code`.
run() {
  code=0
  timeout -k 5 60 "$@" >out 2>err || code=$?
  ((code != 124 && code != 137)) || fails 'it hangs'
}

expect_code() {
  local wanted
  for wanted in "$@"; do ((code == wanted)) && return; done
  fails "exit code $code, not ${*// / or }"
}

expect_said() { grep -qF -- "$1" err || fails "it does not say '$1'"; }

# expect_intact: the run's database is sound and has all that was told on standard output (--json).
expect_intact() {
  local database
  for database in "${1:-.}"/.procfarm/runs/*/run.db; do
    [[ -e $database ]] || continue
    mkdir -p "$here/copy" && cp "$database"* "$here/copy" # reading needs room, too
    python3 "$root/tests/faults/check_run.py" "$here/copy/run.db" out 2>check ||
      fails "$database: $(tail -n 1 check)"
    rm -rf "$here/copy"
  done
}

# job N COMMAND: a job file of N instances.
job() {
  printf '[[task]]\nname = "t"\nforeach = { range = [1, %d] }\nshell = '\''%s'\''\n' "$1" "$2" \
    >job.toml
}

# mount_tmpfs SIZE DIRECTORY
mount_tmpfs() {
  mkdir -p "$2"
  mount -t tmpfs -o "size=$1" tmpfs "$2" && mounts+=("$2")
}
