// Package bench measures Limpet beside contenders that do the same work: the straightforward implementations of
// package plain, and the peers of package peers. It holds benchmarks only.
//
// A benchmark names its contender last, as in MemoryStoreSave/n=10000/impl=limpet, so that benchstat compares the
// contenders of one run with -col /impl. scripts/bench.sh runs them and docs/benchmarks.md says what they showed.
package bench
