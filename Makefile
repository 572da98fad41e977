# Two commands carry the project: `make demo` and `make test`. Both set up all they need in .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := test
.PHONY: demo test bench contracts faults lock clean

BIN := .venv/bin
READY := .venv/.ready
SOURCES = $(wildcard shared services demo bench tests)
# Several processes by a script: pytest-xdist hangs once eventlet has patched its threads.
PYTEST = $(BIN)/python -m pytest

demo: $(READY)
	$(BIN)/python -m demo

test: $(READY)
	tests/install_servers.sh
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	tests/side_by_side.sh

bench: $(READY)
	$(BIN)/python -m bench

contracts: $(READY)
	$(BIN)/gonghui contracts

faults: $(READY)
	tests/install_servers.sh
	FAULTS=long $(PYTEST) -s -o faulthandler_timeout=1500 tests/faults

# The locks name no package index: the reader's own settings decide where packages come from.
# They keep extras: before 23.3 pip does not see that coverage==… answers for coverage[toml].
# The image's lock is the same set without what only tests need.
COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes \
	--no-strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet

lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --extra test --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --output-file deploy/requirements.lock
	! grep -nE '://|^-' requirements.lock deploy/requirements.lock

clean:
	rm -rf .venv .venv-* build *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): pyproject.toml requirements.lock
	python=$$(for name in python3.11 python3 python3.12 python3.13; do \
		"$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo "$$name" && break; \
		done) || { echo "Python 3.11, 3.12 or 3.13 is needed; none was found."; exit 1; }; \
	[ -x $(BIN)/python ] || "$$python" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@
