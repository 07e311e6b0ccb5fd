PYTHON ?= python3
BOOTSTRAP = $(PYTHON) dev/bootstrap.py
BIN = .venv/bin
# Graphite's own limit; see NEWEST in dev/bootstrap.py.
GRAPHITE_PYTHON ?= $(shell command -v python3.11 || echo $(PYTHON))
FAULTS ?= tests/faults
MOVIETWEETINGS ?= ../shared/movietweetings
NPM = PATH="$(CURDIR)/.e2e/graphite/bin:$$PATH" npm
STEPS ?= 50
SEED := $(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))
LOCK = .tools/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help run demo env compose-check test audit test-faults test-model test-contract test-e2e e2e lint types imports tests bench bench-check bench-recommendations dashboards pictures lock clean setup

help:  ## This list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | sort | while read -r name text; do printf '  make %-22s %s\n' "$$name" "$$text"; done

run:  ## Everything on this machine: database, queue, sandbox of Kinopoisk, API, worker. Ctrl-C stops it
	@exec $(BOOTSTRAP) -m dev.run --tied

demo:  ## Users with favourites on the running service
	@exec $(BOOTSTRAP) -m dev.demo

env:  ## .env with new secrets for docker compose; DEMO=1 for the sandbox of Kinopoisk
	@$(PYTHON) dev/env_file.py $(if $(DEMO),--demo)

test: lint types imports tests  ## All checks: format, lint, types, contracts, tests with coverage

compose-check:  ## docker-compose.yml for real, beside whatever runs; needs Docker
	@exec $(BOOTSTRAP) -m dev.compose_check

lint: setup  ## Format and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/hadolint Dockerfile.api Dockerfile.worker

types: setup  ## mypy, strict
	$(BIN)/python -m mypy

imports: setup  ## Who may import whom
	$(BIN)/lint-imports

tests: setup  ## pytest with coverage, a process for each core with servers of its own
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --cov --cov-report=term

test-faults: setup  ## Kill, freeze, flush and cut off everything while people go on: an hour. FAULTS=tests/faults/test_storm.py for one
	LONG=1 $(BIN)/python -m pytest --verbose --capture=no -p no:xdist $(FAULTS)

test-model: setup  ## Long form of tests/model, other steps each time; EXAMPLES=, STEPS=, SEED= as it printed
	MODEL_EXAMPLES=$(or $(EXAMPLES),200) MODEL_STEPS=$(STEPS) MODEL_SEED=$(SEED) $(BIN)/python -m pytest --show-capture=no tests/model

test-contract: setup  ## All that our OpenAPI document allows and forbids: EXAMPLES=500 of each operation, a quarter of an hour
	$(BIN)/python -m pytest --verbose --show-capture=no tests/contract --examples=$(or $(EXAMPLES),500)

audit:  ## Known holes in locked packages, secrets among the files, bills of materials in .audit/sbom: two minutes
	@exec $(BOOTSTRAP) --audit -m dev.audit

test-e2e: setup e2e  ## Against the real Graphite, StatsD and a Sentry-compatible server, installed into .e2e
	$(BIN)/python -m pytest --verbose e2e

bench: setup  ## Benchmarks
	$(BIN)/python -m bench

bench-check: setup  ## Is the service much slower than it can be? Beside the limit of bench/limit, two minutes
	$(BIN)/python -m bench.performance --check

bench-recommendations: setup  ## How good recommendations are; MOVIETWEETINGS=folder of its data
	$(BIN)/python -m bench.recommendations --movietweetings "$(MOVIETWEETINGS)"

dashboards: setup  ## Write Grafana's dashboards and docs/dashboards.md anew from dev/dashboards
	@$(BIN)/python -m dev.dashboards

pictures: setup e2e  ## Draw docs/pictures: the dashboards' series, of five minutes of traffic
	@$(BIN)/python -m e2e.pictures

lock:  ## Write requirements/*.txt anew from requirements/*.in
	$(PYTHON) -m venv .tools && .tools/bin/python -m pip install --quiet uv
	$(LOCK) requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/api.in -c requirements/dev.txt -o requirements/api.txt
	$(LOCK) requirements/worker.in -c requirements/dev.txt -o requirements/worker.txt
	$(LOCK) requirements/e2e-graphite.in $(addprefix --no-emit-package ,$(shell cat requirements/e2e-graphite-source.in)) -o requirements/e2e-graphite.txt
	$(LOCK) requirements/e2e-graphite-source.in --no-deps -o requirements/e2e-graphite-source.txt
	$(LOCK) requirements/e2e-bugsink.in -o requirements/e2e-bugsink.txt
	$(LOCK) requirements/audit.in -o requirements/audit.txt
	@$(GRAPHITE_PYTHON) dev/bootstrap.py --e2e graphite
	$(NPM) install --prefix e2e/statsd --package-lock-only --omit-lockfile-registry-resolved

clean:  ## Remove what can be made again; the data in .data stay
	rm -rf .venv .e2e .tools .audit .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov

setup:
	@$(BOOTSTRAP)

e2e: .e2e/statsd/stamp
	@$(GRAPHITE_PYTHON) dev/bootstrap.py --e2e graphite
	@$(BOOTSTRAP) --e2e bugsink

.e2e/statsd/stamp: e2e/statsd/package-lock.json
	@$(GRAPHITE_PYTHON) dev/bootstrap.py --e2e graphite
	@mkdir -p $(@D) && cp e2e/statsd/package.json e2e/statsd/package-lock.json $(@D)
	@$(NPM) ci --prefix $(@D) --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error
	@touch $@
