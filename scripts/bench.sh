#!/usr/bin/env bash
# Runs the benchmarks of bench/ in rounds and compares the contenders of each with benchstat. A round is one process
# in which contenders take turns, so that what else the machine does meets all of them. Raw output: bench/out/.
# Extra arguments go to the test binary, such as -big (a million sessions, takes long).
# ROUNDS and TIME set how often and how long each benchmark runs.
set -euo pipefail
cd "$(dirname "$0")/../bench"
rounds=${ROUNDS:-6}
time=${TIME:-60ms}
benchstat=${BENCHSTAT:?make bench sets it}

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

often='MemoryStore|ManagerOnDisconnect|ManagerOnReconnect|ManagerStats|ManagerEvict|BlobEncode|BlobDecode|Serialize|Deserialize'
once='MemoryStoreMemory|MemoryStoreSweep|ManagerStorm|ManagerCleanup'
run "$rounds" -test.bench="^Benchmark($often)\$" -test.benchtime="$time" "$@"
run $(((rounds + 1) / 2)) -test.bench="^Benchmark($once)\$" -test.benchtime=1x "$@"

# benchstat puts contenders into columns, the first of them the base of the ratios. Each benchmark has contenders of
# its own, hence a table of its own.
for name in $(grep -oE '^Benchmark[A-Za-z]+' "$raw" | awk '!seen[$0]++'); do
  grep -E "^(goos|goarch|cpu|pkg):|^$name/" "$raw" >"out/$name.txt"
  (cd out && go run "$benchstat" -col /impl "$name.txt") | tee "out/$name.ratios.txt"
done
