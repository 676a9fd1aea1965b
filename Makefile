# Every chore of cambist. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PYTHON ?= python3
CARGO := $(shell command -v cargo 2>/dev/null)
UV := $(shell command -v uv 2>/dev/null)
MANIFEST := engine_rs/Cargo.toml
RUST := $(shell find engine_rs -name target -prune -o \( -name '*.rs' -o -name 'Cargo.*' -o -name 'clippy.toml' \) -print 2>/dev/null)
# Of the engine's build.
PROFILE ?= release
ARGS ?=
RUNS ?= 20000
# A third of their time tests wait, so one process more than there are cores keeps all of these at work.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
# Tests that are named may all be of one of the two runs.
NONE_OF_THESE = $(if $(ARGS),|| [ $$? -eq 5 ])
TARGET ?= $(basename $(notdir $(wildcard engine_rs/core/fuzz/fuzz_targets/*.rs)))
# All but the extension, which only Python can load.
CRATES := --workspace --exclude cambist-native
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
# What cargo-fuzz passes but for the sanitizer, which a stable compiler doesn't have.
SANCOV := -sanitizer-coverage-
COVERAGE := --cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module $(addprefix -Cllvm-args=$(SANCOV),level=4 inline-8bit-counters pc-table trace-compares)
# Only its own Rust tests count: what Python reaches through the extension isn't seen. A folder of its own keeps builds apart.
CORE_TESTS := cargo test -q --target-dir target/coverage -p cambist-core --lib --tests
PROFILES := $(abspath engine_rs/target/coverage/profiles)

help: ## list the chores
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  %-14s %s\n", $$1, $$2}'

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "cambist needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(if $(UV),$(UV) venv -q --python $(PYTHON) $(VENV),$(PYTHON) -m venv $(VENV))
	@touch $@

$(VENV)/.installed: requirements.lock $(VENV)/.made
	$(if $(UV),VIRTUAL_ENV=$(VENV) $(UV) pip install -q --require-hashes -r requirements.lock,$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock)
	@touch $@

$(VENV)/.built: $(VENV)/.installed pyproject.toml $(RUST)
ifeq ($(CARGO),)
	@echo "cargo is not installed: cambist runs on the reference engine (pure Python)."
else
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/maturin develop --profile $(PROFILE) --locked --skip-install -q
endif
	@$(PY) scripts/link.py
	@touch $@

setup: $(VENV)/.built ## create .venv, install the locked dependencies, build the release engine

run: setup ## start the dashboard (ARGS="--seed 7 …")
	@$(BIN)/cambist run $(ARGS)

# Each process reads the tests with their assertions rewritten: 7 s of processor time from the cache, 20 s without.
test: export PYTHONDONTWRITEBYTECODE =
test: setup ## run every check: pytest, Rust tests, doctests
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal -m "not realtime" $(ARGS) $(NONE_OF_THESE)
	$(BIN)/pytest -q -m realtime $(ARGS) $(NONE_OF_THESE)
ifneq ($(CARGO),)
	$(if $(shell command -v cargo-nextest),cargo nextest run --manifest-path $(MANIFEST) $(CRATES) --no-fail-fast --status-level fail,cargo test -q --manifest-path $(MANIFEST) $(CRATES) --lib --tests)
	cargo test -q --manifest-path $(MANIFEST) $(CRATES) --doc
endif

chaos: setup ## try every row of the fault table, printed as measured and in build/chaos.json (ARGS="1 8 --short")
	@$(PY) -m cambist.fault_table --json build/chaos.json $(ARGS)

coverage: setup ## lines that tests reach, at least 90 % of each: the reference engine, and core by its own tests
	$(BIN)/coverage run -m pytest -q tests/engine tests/parity tests/simulator
	$(BIN)/coverage report
ifneq ($(CARGO),)
	$(MAKE) --no-print-directory coverage-core
endif

coverage-core: ## the same of core alone
	rm -rf $(PROFILES) && cargo build -q --release --locked --manifest-path engine_rs/core/coverage/Cargo.toml
	cd engine_rs && export RUSTFLAGS=-Cinstrument-coverage LLVM_PROFILE_FILE=$(PROFILES)/%m-%p.profraw && $(CORE_TESTS) --no-fail-fast >/dev/null && \
	  $(CORE_TESTS) --no-run --message-format=json | core/coverage/target/release/cambist-coverage 90 $(PROFILES)

# Tests that fail in a crowded hour are told by pytest; what they would have reached is missing from the figures.
coverage-rooms: setup ## lines and branches of all Python, by room (ARGS="--against FILE" fails where a room fell, --keep FILE)
	$(PY) scripts/rooms.py -n $(WORKERS) --dist worksteal $(ARGS)

lint: $(VENV)/.installed ## ruff, mypy, import contracts, rustfmt, clippy
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports
ifneq ($(CARGO),)
	cargo fmt --manifest-path $(MANIFEST) --all --check
	cargo clippy -q --manifest-path $(MANIFEST) --workspace --all-targets -- -D warnings
endif

format: $(VENV)/.installed ## write the house format
	$(BIN)/ruff format -q .
	$(BIN)/ruff check -q --fix .
	$(if $(CARGO),cargo fmt --manifest-path $(MANIFEST) --all)

bench: setup ## print the measured figures of BENCHMARKS.md
	$(BIN)/cambist bench $(ARGS)
	$(if $(CARGO),cargo bench -q --manifest-path $(MANIFEST) -p cambist-core --bench peers)

replay: setup ## replay a session (ARGS="SESSION --speed 4")
	$(BIN)/cambist replay $(ARGS)

audit: $(VENV)/.made ## licences, duplicates and advisories of the dependencies (cargo-deny, pip-audit)
	@PATH="$(abspath $(BIN)):$$PATH" $(PY) scripts/audit.py

# A mutant takes a fork and the tests that reach it; which those are is looked for once, in minutes.
mutants: setup ## change the sources of the money rooms, one place at a time, and see whether tests notice (ARGS="--sample 40 --seed 7 --room risk")
	@$(PY) -P -m scripts.mutants $(ARGS)

# Every cycle of each market is sized beside the engine: 4 minutes for the 6,000 trades of a full run.
ranking: setup ## hold the engine against every cycle of random markets: is what earns most kept? (ARGS="--trades 500 --seed 7")
	@$(PY) scripts/ranking.py $(ARGS)

# 24 ms of processor time a flow. A part that fails is named; its number is its seed.
flows: setup ## send random flows of orders through kernel and engine, held against a witness (ARGS="--flows 100000 --first 1 --kind restarts")
	@$(PY) -P -m scripts.flows $(ARGS)

cost: setup ## count the files that one pool program, exchange, setting, price field, panel or command more touches
	@$(PY) scripts/cost_of_change.py $(ARGS)

fuzz: ## feed every decoder with mutated input (RUNS=1000000, TARGET=…; needs a C++ compiler)
	cd engine_rs/core/fuzz && RUSTFLAGS="$(COVERAGE)" cargo build -q --release --locked --target $(HOST)
	@cd engine_rs/core/fuzz && for target in $(TARGET); do echo "$$target: $(RUNS) runs"; mkdir -p target/corpus/$$target artifacts/$$target corpus/$$target; \
	  target/$(HOST)/release/$$target -runs=$(RUNS) -max_len=20000 -rss_limit_mb=2048 -timeout=10 -artifact_prefix=artifacts/$$target/ -verbosity=0 -print_final_stats=0 target/corpus/$$target corpus/$$target || exit 1; done

fuzz-corpus: setup ## write the seeds of make fuzz from the embedded market
	$(PY) scripts/fuzz_corpus.py

screenshots: setup ## draw screenshots/ from a recorded session
	$(PY) scripts/screenshots.py

lock: ## refresh requirements.lock (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group dev -o requirements.lock pyproject.toml

clean: ## remove what the chores built
	rm -rf $(VENV) build engine_rs/target cambist/engine/_native*.so

.PHONY: help setup run test chaos audit cost flows mutants ranking coverage coverage-core coverage-rooms lint format bench fuzz fuzz-corpus replay screenshots lock clean
