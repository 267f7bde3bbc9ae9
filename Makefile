# Every target works on a fresh Debian machine with Go, git and make. See CONTRIBUTING.md.

MODULES := $(shell go list -m -f '{{.Dir}}')
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
FUZZTIME ?= 20s

export BENCHSTAT
export LIMPET_TEST_REQUIRE ?= all
export GORACE ?= atexit_sleep_ms=0

.PHONY: all test unit fuzz soak lint format vet staticcheck bench bench-big bench-stores bench-live setup

all: lint test

## test: install what is missing, then every test of every module, and 20 s of each fuzz target
test: setup unit fuzz

setup:
	./scripts/setup-debian.sh

unit:
	@set -e; for m in $(MODULES); do echo "== $$m"; (cd $$m && go test -race -shuffle=on -timeout=10m ./...); done
	go test -run=Alloc ./session # under the race detector sync.Pool drops entries on purpose

fuzz:
	./scripts/fuzz.sh $(FUZZTIME)

## soak: 8 clients on every engine for a minute, whose servers are killed every few seconds; every acknowledged write is
## accounted for
soak: setup
	cd integration && go test -race -v -timeout=30m ./soak -soak.duration=60s

## lint: formatting, go vet and staticcheck
lint: format vet staticcheck

format:
	@files="$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l)"; \
	if [ -n "$$files" ]; then echo "gofmt would change:"; echo "$$files"; exit 1; fi

vet:
	@set -e; for m in $(MODULES); do (cd $$m && go vet -race ./...); done

staticcheck:
	@set -e; for m in $(MODULES); do (cd $$m && go run $(STATICCHECK) ./...); done

## bench: contenders side by side, ratios with benchstat; writes bench/out/ and docs/benchmarks.svg
bench: setup
	./scripts/bench.sh all

## bench-big: what runs in memory, a million sessions too; takes long
bench-big:
	./scripts/bench.sh core -big

## bench-stores: the same for the stores on their engines only
bench-stores: setup
	./scripts/bench.sh stores

## bench-live: 2,000 live tabs on one node for a minute
bench-live:
	cd bench && go run ./livetabs
