#!/usr/bin/env bash
# Runs every fuzz target of the root module for the given time (20s unless told), two at a time.
# Without the race detector and apart from the unit tests: both cost most of the executions.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-20s}

targets() { # "package target", a line each
  grep -rhoE --include='*_test.go' '^func (Fuzz[A-Za-z0-9]+)\(f \*testing\.F\)' -- "$1" | sed -E 's/^func (Fuzz[A-Za-z0-9]+).*/\1/' | sort
}

for dir in $(grep -rlE --include='*_test.go' '^func Fuzz[A-Za-z0-9]+\(f \*testing\.F\)' . | xargs -n1 dirname | sort -u); do
  binary=$(mktemp)
  (cd "$dir" && go test -c -fuzz=. -o "$binary" .)
  targets "$dir" | (cd "$dir" && xargs -P 2 -I{} sh -c \
    'out=$("$0" -test.run="^\$" -test.fuzz="^{}\$" -test.fuzztime="$1" -test.fuzzcachedir="$2" -test.fuzzminimizetime=1x -test.parallel=1 2>&1) \
       && echo "ok   $3 {}: $(echo "$out" | grep -o "execs: [0-9]*" | tail -n 1)" || { echo "$out"; exit 255; }' \
    "$binary" "$time" "$(go env GOCACHE)/fuzz" "$dir")
  rm -f "$binary"
done
