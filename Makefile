# `make` lists what there is. Everything runs in .venv, which the other targets make when it is missing or out of date.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run browser docs test test-parity test-reliability lint golden bench bench-index bench-pipeline lock clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV_VERSION := 0.13.9
UV := build/uv-$(UV_VERSION)/bin/uv
COVERAGE_FLOOR := 85
# Options of the benchmark: make bench BENCH=--help
BENCH ?=

# Another Python: make setup PYTHON=/path/to/python3.12
PYTHON ?=

# Sets $$python to the first that will do, or says what to install.
define find_python
python=; \
for candidate in $(or $(PYTHON),python3.11 python3 python3.12 python3.13); do \
  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then \
  echo "$(if $(PYTHON),$(PYTHON) is not Python 3.11 or newer.,Python 3.11 or newer is needed and was not found.) Install it" \
    "(Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv; Fedora: dnf install python3; macOS: brew install python)" \
    "or name one: make setup PYTHON=/path/to/python3.11" >&2; exit 2; \
fi; \
if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
  echo "$$python lacks the module venv. Install it (Debian, Ubuntu: apt-get install python3-venv) and try again." >&2; exit 2; \
fi
endef

help:  ## this list
	@awk -F ':.*##' '/^[a-z-]+:.*##/ { printf "  make %-15s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY)  ## .venv with the locked requirements and .venv/bin/mim-ecs (once)

$(READY): requirements/dev.txt pyproject.toml
	@$(find_python); \
	echo "Making $(VENV) with $$("$$python" --version) and what requirements/dev.txt locks…"; \
	"$$python" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Done: $(BIN)/mim-ecs is ready."

run: setup  ## the sample events into Elasticsearch: the one at ELASTICSEARCH_URL, else one started for it
	@if [ -n "$$ELASTICSEARCH_URL" ]; then $(BIN)/python examples/run.py; \
	else $(BIN)/python -m tests.engines.elasticsearch run -- $(BIN)/python examples/run.py; fi

# A browser for the tests of pages: the one that is there, else Debian's, which needs root.
define find_browser
for name in "$$CHROMIUM" chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable chrome; do \
  if [ -n "$$name" ] && command -v "$$name" >/dev/null; then exit 0; fi; \
done; \
if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  echo "Installing chromium-headless-shell for the tests of pages…"; \
  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium-headless-shell >/dev/null; \
else \
  echo "A Chromium is needed for the tests of pages and was not found. Install it (Debian, Ubuntu: apt-get install chromium;" \
    "Fedora: dnf install chromium; macOS: brew install --cask chromium) or name one: CHROMIUM=/path/to/chrome make test" >&2; exit 2; \
fi
endef

browser:
	@$(find_browser)

test: lint browser  ## everything that must pass: lint, mappings, tests with doctests and coverage
	$(BIN)/mim-ecs check
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder \
	  --cov --cov-report=term-missing:skip-covered --cov-fail-under=$(COVERAGE_FLOOR)

# Options: make test-parity PARITY='--events 50000 --seed 7'
PARITY ?=
test-parity: setup  ## Python and pipelines make the same documents: other random events each time
	$(BIN)/python -m tests.parity $(PARITY)

# Options: make test-reliability RELIABILITY='--rows 1,3 --engine opensearch --scale full'
RELIABILITY ?=
test-reliability: setup  ## the promises about delivery in their full size, on genuine servers; takes two and a half hours
	$(BIN)/python -m tests.reliability $(RELIABILITY)

lint: setup  ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/mypy

golden: setup  ## renew the documents of the golden cases, and name those that changed
	$(BIN)/mim-ecs check --renew

bench: setup  ## speed and memory against their aims
	$(BIN)/python -m benchmarks.bench $(BENCH)

# Options: make bench-index BENCH='--rounds 5'
bench-index: setup  ## speed of indexing against only sending, on an Elasticsearch started for it
	$(BIN)/python -m benchmarks.index $(BENCH)

# Options: make bench-pipeline BENCH='--rounds 5'
bench-pipeline: setup  ## speed of the ingest pipelines, on an OpenSearch started for it
	$(BIN)/python -m benchmarks.pipeline $(BENCH)

docs: setup  ## the documentation site into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock: $(UV)  ## newest versions into requirements/*.txt, with hashes; look at the difference, then make test
	$(UV) pip compile pyproject.toml $(LOCK) --output-file requirements/runtime.txt
	$(UV) pip compile pyproject.toml --group dev $(LOCK) --constraint requirements/runtime.txt \
	  --output-file requirements/dev.txt

LOCK := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --custom-compile-command "make lock"

$(UV):
	@$(find_python); "$$python" -m venv --clear build/uv-$(UV_VERSION)
	@build/uv-$(UV_VERSION)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

clean:  ## away with .venv, caches, coverage and builds
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
