# The front door. Each target is a line or two here and a script in Scripts/, so that everything also runs without make.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: run test check bench bench-peers bench-latency bench-scaling guards sim mutants sanitize fix clean help bootstrap lint test-scripts test-benchmarks test-strict simulations digests consumer

# Paths reach the scripts through the environment, as they were typed: spaces, quotes and dollars included.
override INPUT := $(value INPUT)
override FORMAT := $(value FORMAT)
override OUTPUT := $(value OUTPUT)
override ARGS := $(value ARGS)
override N := $(value N)
override SEED := $(value SEED)
export INPUT FORMAT OUTPUT ARGS N SEED

run: ## Run the ad-analytics job: on generated events, or INPUT=path FORMAT=… OUTPUT=directory ARGS="more options"
	@Scripts/run

test: ## Run all tests, warnings allowed; ARGS="--filter Window" narrows them
	@eval "more=($$ARGS)"; Scripts/test $${more[@]+"$${more[@]}"}

check: bootstrap lint test-scripts test-benchmarks test-strict simulations digests guards consumer ## Everything a change must pass, as in CI
	@echo "check: all passed"

bench: bootstrap ## Run the benchmark queries beside hand-written loops, medians of 3; ARGS="--only ysb,session --parallelism 2"
	@eval "more=($$ARGS)"; Scripts/bench $${more[@]+"$${more[@]}"}

bench-peers: ## The same beside Apache Flink, which it fetches, with a chart for Docs/images; ARGS="--only ysb,q5"
	@Scripts/bootstrap --peers
	@eval "more=($$ARGS)"; Scripts/bench --peers $${more[@]+"$${more[@]}"}

bench-latency: bootstrap ## Lag of windows' results, single records, a job that waits; ARGS="--only idle"
	@eval "more=($$ARGS)"; Scripts/bench-latency $${more[@]+"$${more[@]}"}

bench-scaling: bootstrap ## Cost per event by parallelism, events, keys and overlap; ARGS="--only parallelism --runs 1"
	@eval "more=($$ARGS)"; Scripts/bench-scaling $${more[@]+"$${more[@]}"}

guards: ## Count allocations and instructions of each hop and compare with Benchmarks/guards.tsv; ARGS="--update"
	@echo "== allocations and instructions of the record path, release build"
	@Scripts/bootstrap --guards
	@eval "more=($$ARGS)"; Scripts/guards $${more[@]+"$${more[@]}"}

sim: bootstrap ## Simulate jobs with crashes and faults under N=2000 seeds from SEED=1 on; ARGS="--shape sessions"
	@eval "more=($$ARGS)"; Scripts/sim $${more[@]+"$${more[@]}"}

mutants: bootstrap ## Break the engine in each way of Tests/Mutants and say which seed finds it; ARGS="lost-timer"
	@eval "more=($$ARGS)"; Scripts/mutants $${more[@]+"$${more[@]}"}

sanitize: bootstrap ## Run the runtime's tests under the thread sanitizer; ARGS="--filter Exchange"
	@eval "more=($$ARGS)"; Scripts/sanitize $${more[@]+"$${more[@]}"}

fix: bootstrap ## Format all Swift files in place
	@Scripts/lint --fix

clean: ## Remove everything built (not data/ and out/)
	@rm -rf .build .build-strict .build-mutants .build-sanitize Benchmarks/.build Benchmarks/.build-strict Tests/ConsumerPackage/.build

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# The steps of `make check`; each can be run alone.

bootstrap:
	@Scripts/bootstrap

lint:
	@echo "== format of Swift files, syntax of scripts"
	@Scripts/lint

test-scripts:
	@echo "== bootstrap on pretended machines, tables of pretended benchmark results"
	@Scripts/tests/bootstrap-test
	@Scripts/tests/bench-test

test-benchmarks:
	@echo "== the benchmarks' own tests"
	@WEIR_STRICT=1 Scripts/test --package Benchmarks

test-strict:
	@echo "== debug build and tests, warnings are errors"
	@WEIR_STRICT=1 Scripts/test

simulations:
	@echo "== 2,000 simulated jobs, debug build"
	@WEIR_STRICT=1 Scripts/sim

digests:
	@echo "== results of the small workloads, release build"
	@Scripts/check-digests

consumer:
	@echo "== a package that depends on this one"
	@Scripts/check-consumer
