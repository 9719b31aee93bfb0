# Two commands matter: `make run` serves the app, `make test` proves it. Each first installs what it needs, and no more.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two depths of one environment: what serving needs, and everything. Every package of the first is in the second, in
# the same version, so that either may come first and neither undoes the other.
SERVING := $(VENV)/.serving
COMPLETE := $(VENV)/.complete
# `make run HOST=... PORT=...`, or PORT from the environment; without them the CXR_ settings decide. HOST is not taken
# from the environment: some shells export one that means something else.
given = $(if $(filter $(2),$(origin $(1))),CXR_$(1)=$($(1)))

.DEFAULT_GOAL := help
.PHONY: help setup run test test-without-shared smoke fuzz lint format bench translations digests lock clean

help: ## what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 21

setup: $(COMPLETE) ## create .venv with everything needed to run and to test

# The hashes in the lock file are checked for every package; the project itself is installed editable.
define install
@$(PYTHON) -c 'import sys; sys.exit("cxr-dash needs Python 3.11 or newer; received %d.%d. Set PYTHON=python3.x." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

$(SERVING): requirements/serve.lock pyproject.toml
	$(call install,requirements/serve.lock)
	@touch $@

$(COMPLETE): requirements/dev.lock pyproject.toml
	$(call install,requirements/dev.lock)
	@touch $(SERVING) $@

run: $(SERVING) ## serve the app at http://127.0.0.1:8050 (HOST=, PORT= or CXR_ settings to change)
	$(call given,HOST,command) $(call given,PORT,command environment) $(BIN)/gunicorn app:server

# One process a core, whole files each, so that what a file sets up (a server, a trained network) is set up once; in
# the order of tests/conftest.py, so that no core is left with one long file at the end.
TEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: setup ## every test: unit, http, model, architecture, browser
	$(TEST)

test-without-shared: setup ## once more, as where ../shared is missing, the tests that then go on otherwise
	$(TEST) --without-shared

smoke: setup ## train recipes of every shape end to end on drawn films, one epoch each (ALL=1: every recipe)
	$(BIN)/python -m pytest -n auto --dist worksteal tests/smoke $(if $(ALL),--every-recipe)

# New files every day; `make fuzz REPLAY=FILE TARGET=NAME` gives one that was found to its reader once more.
SECONDS ?= 60
FUZZ := PYTHONPATH=.:tests:tests/unit/imaging $(BIN)/python -m fuzz

fuzz: setup ## a minute of damaged files against all that reads them (SECONDS=, SEED=)
	$(FUZZ) --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(if $(TARGET),--target $(TARGET)) \
	  $(if $(REPLAY),--replay $(REPLAY))

lint: setup ## style, types, import contracts, scripts, Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/oxlint assets/js
	$(BIN)/hadolint Dockerfile

format: setup ## rewrite the code in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## measure speed and memory side by side with Keras predict + the keras.io Grad-CAM recipe
	$(BIN)/python -m benchmarks

translations: setup ## collect the sentences of the source into the catalogues of each language
	$(BIN)/python -m cxr_dash.language.collect

digests: $(SERVING) ## vouch for the bundles in models/ as they are, after one was exported or measured again
	$(BIN)/cxr-dash models lock

lock: ## refresh both lock files (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --quiet --upgrade --extra redis --extra build -o requirements/serve.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --quiet --upgrade --extra redis --extra build --extra training --extra dev \
	  -c requirements/serve.lock -o requirements/dev.lock

clean: ## remove the virtual environment and every cache; trained runs and the reference library stay
	rm -rf $(VENV) $(filter-out var/library,$(wildcard var/*)) runs/prepared build *.egg-info \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
