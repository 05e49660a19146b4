# shellcheck shell=bash
# Functions of ./demo and ./test, which source this file in the root of the tree with `set -euo pipefail`.

# The PATH of an ordinary user of Debian lacks the sbin directories of ip, nft, ethtool and nginx.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
# Without a home, ccache keeps its files in the tree.
if [[ -z ${HOME:-} || ! -w ${HOME:-/} ]]; then
  export CCACHE_DIR="${CCACHE_DIR:-$PWD/build/ccache}"
fi

# The number of compilers at a time: one per core, if each has a gigabyte of memory.
build_jobs() {
  local cores gigabytes
  cores=$(nproc)
  gigabytes=$(awk '/^MemAvailable:/ {print int($2 / 1048576)}' /proc/meminfo)
  ((gigabytes >= 1)) || gigabytes=1
  ((cores < gigabytes)) && echo "$cores" || echo "$gigabytes"
}

# quietly LOG WHAT COMMAND...: runs it with its output in LOG; shows the end of LOG when it fails.
quietly() {
  local log=$1 what=$2 start=$SECONDS status=0 watcher
  shift 2
  mkdir -p "$(dirname "$log")"
  : >"$log"
  printf '%s … ' "$what" >&2
  show_progress "$log" "$what" &
  watcher=$!
  "$@" >"$log" 2>&1 || status=$?
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
  [[ -t 2 ]] && printf '\r\033[K%s … ' "$what" >&2
  if ((status == 0)); then
    printf '%d s\n' $((SECONDS - start)) >&2
  else
    printf 'FAILED. The end of %s:\n' "$log" >&2
    grep -E 'error|Error|FAILED|undefined' "$log" | head -n 20 >&2 || true
    tail -n 25 "$log" >&2
    return 1
  fi
}

# show_progress LOG WHAT: while ninja writes LOG ("[12/40] …"), says how much is done: twice a second in place on a
# terminal, otherwise in a line every 15 seconds. Prints nothing for logs without such lines.
show_progress() {
  local log=$1 what=$2 pause=15 line percent
  [[ -t 2 ]] && pause=0.5
  # The caller may be interrupted: this must not outlive it.
  while sleep "$pause" </dev/null >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
    line=$(tail -c 20000 "$log" | grep -oE '^\[[0-9]+/[0-9]+\]' | tail -n 1 | tr -d '[]') || continue
    percent=$((${line%/*} * 100 / ${line#*/}))
    if [[ -t 2 ]]; then
      printf '\r\033[K%s … %d %%' "$what" "$percent" >&2
    else
      printf '%d %%\n%s … ' "$percent" "$what" >&2
    fi
  done
}

# build PRESET CMAKE-OPTION... -- TARGET...: configures and builds. Without targets it builds all.
build() {
  local preset=$1 options=()
  shift
  while (($#)) && [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  (($#)) && shift
  local targets=()
  (($#)) && targets=(--target "$@")
  # The build folder of another path, such as of a clone that was moved, cannot be configured again.
  if [[ -f build/$preset/CMakeCache.txt ]] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "build/$preset/CMakeCache.txt"; then
    rm -rf "build/$preset"
  fi
  quietly "build/$preset/configure.log" "Configuring $preset" cmake --preset "$preset" "${options[@]}" || return 1
  quietly "build/$preset/build.log" "Building $preset" \
    cmake --build "build/$preset" -j "$(build_jobs)" "${targets[@]}"
}
