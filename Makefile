# `make` alone says what there is. Everything is made in .venv and js/node_modules; nothing outside the checkout is
# touched, except that `make browser` may install a browser.

PYTHON ?= python3
SOAK   ?= 10
LAB    ?= 1
PROMPT ?= a red circle on a blue background

# As it was typed: without this, make would read a `$` in the prompt as its own.
override PROMPT := $(value PROMPT)
export PROMPT

BIN    := .venv/bin
TOOLS  := .stamps/tools
# In the folders that they speak of, so that they go when the folder goes.
PYTHON_PACKAGES := .venv/.installed
PAGE_PACKAGES   := js/node_modules/.installed
BUNDLE := pixelflow_widgets/static/widget.js
PAGE   := $(shell find js/src -type f 2>/dev/null) js/build.mjs js/sharing.mjs js/package-lock.json

# Compiled modules are wanted: without them the first import of diffusers takes minutes.
unexport PYTHONDONTWRITEBYTECODE

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SILENT:
.PHONY: help setup browser demo test check format soak bench wheel clean

help: ## Say what there is
	sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r name words; do printf '  make %-8s %s\n' "$$name" "$$words"; done

setup: $(BUNDLE) $(PYTHON_PACKAGES) ## Install everything into .venv and build the front end

$(TOOLS):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed; '$(PYTHON)' is not. Name another: make setup PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { \
		echo "Node 20 or newer is needed to build the front end; 'node' is missing or older." >&2; exit 1; }
	command -v npm >/dev/null || { echo "npm is missing: it is needed to build the front end." >&2; exit 1; }
	mkdir -p $(@D)
	touch $@

$(PAGE_PACKAGES): js/package.json js/package-lock.json | $(TOOLS)
	echo "Installing the front end's packages ..."
	cd js && npm ci --loglevel=error
	touch $@

$(BUNDLE): $(PAGE) $(PAGE_PACKAGES)
	cd js && npm run --silent --loglevel=error build

# The bundle comes first: the build hook would build it once more.
$(PYTHON_PACKAGES): pyproject.toml constraints.txt hatch_build.py | $(TOOLS) $(BUNDLE)
	$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	echo "Installing the Python packages; the first time takes some minutes ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -c constraints.txt -e ".[dev]"
	$(BIN)/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true # some packages carry templates that do not compile
	touch $@

browser: setup ## Install a browser for the tests, if there is none
	for name in chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null && exit 0; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium ..."; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq >/dev/null && apt-get install -y -qq chromium >/dev/null && exit 0; \
	fi; \
	$(BIN)/playwright install chromium

demo: setup ## Make a picture, then open the first notebook: make demo PROMPT="a green star" [LAB=0]
	$(BIN)/pixelflow run pixelflow_widgets/templates/first.flow.json --set "prompt=$$PROMPT" --out demo-output
	[ "$(LAB)" = 0 ] || exec $(BIN)/pixelflow lab notebooks/01_first_flow.ipynb

# Pictures are the same only with the same number of threads, so it is set once, for every process of the tests; and the
# Hub is never asked.
test soak: export OMP_NUM_THREADS := 1
test soak: export MKL_NUM_THREADS := 1
test soak: export HF_HUB_OFFLINE := 1

test: setup browser check ## Run every check and every test
	# Pages wait much and compute little, and scripts have an interpreter of their own, so both are tested beside everything
	# else: pages first of all, for some of their tests count milliseconds. What is said of both comes after the rest.
	$(BIN)/python -m pytest tests/browser >.stamps/browser.log 2>&1 & pages=$$!; \
		nice -n 5 $(BIN)/python -m pytest tests/export >.stamps/export.log 2>&1 & scripts=$$!; \
		trap 'kill $$pages $$scripts' INT TERM; failed=0; \
		nice -n 5 $(BIN)/python -m pytest --ignore=tests/browser --ignore=tests/export || failed=1; \
		wait $$scripts || failed=1; cat .stamps/export.log; \
		wait $$pages || failed=1; cat .stamps/browser.log; exit $$failed
	cd js && npm test --silent

check: setup ## Lint, formats, types, and the size of the bundle
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/pyright
	cd js && npm run --silent check && npm run --silent size

format: setup ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix --quiet || true
	$(BIN)/ruff format
	cd js && npm run --silent format

soak: export PIXELFLOW_SOAK := $(SOAK)
soak: setup ## Run the randomised tests for longer: make soak SOAK=50
	$(BIN)/python -m pytest -q tests -m soak
	$(BIN)/python benchmarks/memory.py
	cd js && npm test --silent -- property

# What is measured against lives by itself, so that its packages never meet ours.
.rivals/.installed: | $(TOOLS)
	$(PYTHON) -m venv --clear .rivals
	for name in apache-hamilton gradio litserve; do \
		.rivals/bin/python -m pip install --quiet --disable-pip-version-check --no-input $$name || \
			echo "$$name cannot be installed here: nothing is measured against it."; \
	done
	touch $@

bench: export PIXELFLOW_RIVALS := $(CURDIR)/.rivals/bin/python
bench: setup .rivals/.installed ## Measure what the README claims
	for script in benchmarks/*.py; do \
		echo "$$script"; $(BIN)/python "$$script" || exit 1; \
	done

wheel: setup ## Build the sdist and the wheel into dist/
	$(BIN)/python -m build --no-isolation

clean: ## Remove everything that was made here
	rm -rf .venv .stamps dist build demo-output js/node_modules js/.harness pixelflow_widgets/static
	rm -rf .pytest_cache .ruff_cache .hypothesis
	find pixelflow_widgets tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
