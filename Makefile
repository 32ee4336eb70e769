# Every target works from a fresh clone with nothing but Python 3.11–3.13, git and make.
# `make` alone prints the targets.

PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.setup
PEERS := .venv-bench/.setup
PIP := -m pip --disable-pip-version-check -qq
UV := .cache/uv/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help setup run demo test check slow bench docs lock clean chromium

# One BLAS thread: results keep their bits, and tests do not fight for the cores.
test check slow bench: export OMP_NUM_THREADS := 1
test check slow bench: export OPENBLAS_NUM_THREADS := 1
test check slow bench: export MKL_NUM_THREADS := 1

help: ## print this text
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

setup: $(SETUP) ## make .venv with everything in it (does nothing when that is done)

$(SETUP): requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "anodescope needs Python 3.11 or later: make PYTHON=python3.12 setup" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python $(PIP) install --require-hashes -r requirements/lock.txt
	$(BIN)/python $(PIP) install --no-build-isolation --no-deps -e .
	@echo "compiling kernels (half a minute, once)"
	$(BIN)/python -m anodescope.workflow.warm
	@touch $@

run: setup ## compute the paper's campaign on the virtual cell: out/reproduce/report.html
	$(BIN)/anodescope reproduce --out out/reproduce

demo: setup ## make a small demo campaign and analyse it: out/demo/report.html
	$(BIN)/python examples/demo_campaign.py out/demo/raw
	$(BIN)/anodescope analyse out/demo/raw --out out/demo

test: setup ## run the tests (warnings are errors)
	$(BIN)/python -m pytest

check: setup ## format, lint, types, import contract, budgets, hosts, licences, glossary
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/python tools/hosts.py
	$(BIN)/python tools/licences.py
	$(BIN)/python tools/glossary.py --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/python -m pytest -q --durations=0 --durations-min=5 tests/house

slow: setup chromium ## run the long tests: browser, docs, wheel in an empty environment
	$(BIN)/python -m pytest -m slow

chromium:
	@command -v chromium > /dev/null || { \
		root=; \
		if [ "$$(id -u)" != 0 ]; then root="sudo -n"; fi; \
		command -v apt-get > /dev/null && $$root true 2> /dev/null || { \
			echo "the browser tests need chromium: install it with your package manager" >&2; \
			exit 1; \
		}; \
		echo "installing chromium for the browser tests"; \
		$$root apt-get update -qq > /dev/null && \
		$$root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq --no-install-recommends chromium > /dev/null; \
	}

bench: setup $(PEERS) ## measure against the peers, which get an environment of their own
	$(BIN)/anodescope bench $(ARGS)

$(PEERS): requirements/bench-lock.txt
	@.venv-bench/bin/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear .venv-bench
	.venv-bench/bin/python $(PIP) install --require-hashes -r requirements/bench-lock.txt
	@touch $@

docs: setup ## build the documentation: docs/_build/html/index.html
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

lock: ## pin the requirements anew (make lock UPGRADE=1 takes newer versions)
	@test -x $(UV) || { $(PYTHON) -m venv .cache/uv && .cache/uv/bin/python $(PIP) install uv; }
	$(COMPILE) --all-extras --group build --group dev --group docs \
		-o requirements/lock.txt pyproject.toml
	$(COMPILE) -o requirements/bench-lock.txt requirements/bench.txt

clean: ## remove what the other targets made, environments excepted
	rm -rf out dist build docs/_build .cache .pytest_cache .hypothesis .mypy_cache .ruff_cache \
		.import_linter_cache
	find src tests tools examples -name __pycache__ -type d -prune -exec rm -rf {} +
