#!/usr/bin/env bash
# Runs the benchmarks of bench/ in rounds and compares the contenders of each with benchstat. A round is one process
# in which contenders take turns, so that what else the machine does meets all of them. Raw output: bench/out/.
#
#   bench.sh all|core|stores [argument of the test binary ...]
#
# core is what runs in memory, with -big a million sessions too (takes long). stores is each store on its engine, on
# servers started for it; it also writes the chart docs/benchmarks.svg and the tables of docs/benchmarks.md.
# ROUNDS and TIME set how often and how long each benchmark of the core runs; STORE_ROUNDS and SPAN do for the stores.
# BENCHSTAT is the benchstat to run, by default the version that the Makefile names.
set -euo pipefail
cd "$(dirname "$0")/../bench"
what=${1:?all, core or stores}
shift
rounds=${ROUNDS:-6}
time=${TIME:-60ms}
store_rounds=${STORE_ROUNDS:-8}
span=${SPAN:-150ms}
benchstat=${BENCHSTAT:-$(sed -n 's/^BENCHSTAT := //p' ../Makefile)}
: "${benchstat:?the Makefile names no BENCHSTAT}"

mkdir -p out
binary=out/bench.test
raw=out/raw.txt
go test -c -o "$binary" .
: >"$raw"

run() { # rounds, then arguments of the test binary
  local n=$1
  shift
  for ((i = 1; i <= n; i++)); do
    "$binary" -test.run='^$' -test.timeout=30m "$@" | tee -a "$raw" | grep -c ^Benchmark | xargs printf '%s: %s measurements\n' "round $i of $n"
  done
}

core() {
  local often='MemoryStore|ManagerOnDisconnect|ManagerOnReconnect|ManagerStats|ManagerEvict|BlobEncode|BlobDecode|Serialize|Deserialize'
  local once='MemoryStoreMemory|MemoryStoreSweep|ManagerMemory|ManagerStorm|ManagerCleanup'
  run "$rounds" -test.bench="^Benchmark($often)\$" -test.benchtime="$time" "$@"
  run $(((rounds + 1) / 2)) -test.bench="^Benchmark($once)\$" -test.benchtime=1x "$@"
}

stores() {
  local engines='Redis|Postgres|MariaDB|SQLite|SQLiteNormal'
  run "$store_rounds" -test.bench="^Benchmark($engines)\$" -test.benchtime=1x -span="$span" "$@"
}

case $what in
all)
  core "$@"
  stores "$@"
  ;;
core) core "$@" ;;
stores) stores "$@" ;;
*)
  echo "bench.sh: $what is none of all, core and stores" >&2
  exit 2
  ;;
esac

# benchstat puts contenders into columns, the first of them the base of the ratios. Each benchmark has contenders of
# its own, hence a table of its own.
for name in $(grep -oE '^Benchmark[A-Za-z]+' "$raw" | awk '!seen[$0]++'); do
  grep -E "^(goos|goarch|cpu|pkg):|^$name/" "$raw" >"out/$name.txt"
  (cd out && go run "$benchstat" -col /impl "$name.txt") | tee "out/$name.ratios.txt"
done

if [ "$what" != core ]; then
  go run ./chart -svg ../docs/benchmarks.svg -md ../docs/benchmarks.md "$raw"
fi
