# The front door. Each target is a line or two here and a script in Scripts/, so that everything also runs without make.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: run test check bench fix clean help bootstrap lint test-scripts test-benchmarks test-strict digests consumer

# Paths reach the scripts through the environment, as they were typed: spaces, quotes and dollars included.
override INPUT := $(value INPUT)
override FORMAT := $(value FORMAT)
override OUTPUT := $(value OUTPUT)
override ARGS := $(value ARGS)
export INPUT FORMAT OUTPUT ARGS

run: ## Run the ad-analytics job: on generated events, or INPUT=path FORMAT=… OUTPUT=directory ARGS="more options"
	@Scripts/run

test: ## Run all tests, warnings allowed; ARGS="--filter Window" narrows them
	@eval "more=($$ARGS)"; Scripts/test $${more[@]+"$${more[@]}"}

check: bootstrap lint test-scripts test-benchmarks test-strict digests consumer ## Everything a change must pass, as in CI
	@echo "check: all passed"

bench: bootstrap ## Run the benchmark queries and print a table; ARGS="--hand ysb -- --parallelism 2"
	@eval "more=($$ARGS)"; Scripts/bench $${more[@]+"$${more[@]}"}

fix: bootstrap ## Format all Swift files in place
	@Scripts/lint --fix

clean: ## Remove everything built (not data/ and out/)
	@rm -rf .build .build-strict Benchmarks/.build Benchmarks/.build-strict Tests/ConsumerPackage/.build

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# The steps of `make check`; each can be run alone.

bootstrap:
	@Scripts/bootstrap

lint:
	@echo "== format of Swift files, syntax of scripts"
	@Scripts/lint

test-scripts:
	@echo "== bootstrap on pretended machines"
	@Scripts/tests/bootstrap-test

test-benchmarks:
	@echo "== the benchmarks' own tests"
	@WEIR_STRICT=1 Scripts/test --package Benchmarks

test-strict:
	@echo "== debug build and tests, warnings are errors"
	@WEIR_STRICT=1 Scripts/test

digests:
	@echo "== results of the small workloads, release build"
	@Scripts/check-digests

consumer:
	@echo "== a package that depends on this one"
	@Scripts/check-consumer
