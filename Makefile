# Everything a person does with this repository. `make help` lists the targets.
#
# Needed: Python 3.11 or later with its venv module. All else is fetched into .venv.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
OURS := portal consortium compute_grants registry
PATHS := manage.py $(OURS) tests $(wildcard bench)
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help run env venv venv-dev system-packages test test-slurm lint types contracts format \
	migrations bench demo slurm-up slurm-down requirements clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: venv ## Start the portal on http://127.0.0.1:8000 until Ctrl-C (PORT, PORTAL_STATE, DEMO=0)
	@exec $(PY) -m portal.runtime run --with-parent

env: venv ## Print the environment of the running portal as shell exports
	@exec $(PY) -m portal.runtime env

venv:
	@$(PYTHON) portal/runtime/install.py

venv-dev:
	@$(PYTHON) portal/runtime/install.py --dev

system-packages: ## Install what the tests need from Debian (Chromium, fonts, gettext)
	@sh portal/runtime/system-packages.sh

test: system-packages venv-dev lint types contracts migrations ## Run every check and every test (TESTS="tests/portal -k name" for some)
	@exec $(PY) -m portal.runtime test -- $(PY) -m pytest -n 2 --durations=15 -m "not bench and not slurm" $(TESTS)

test-slurm: venv-dev ## Run the tests that need a real Slurm cluster, as root; it is brought up and taken down
	@sh portal/runtime/system-packages.sh slurm
	@exec $(PY) -m portal.runtime test -- $(PY) -m pytest --durations=5 -m slurm $(TESTS)

lint: venv-dev ## Check style: ruff and djlint
	@$(VENV)/bin/ruff check $(PATHS)
	@$(VENV)/bin/ruff format --check $(PATHS)
	@$(VENV)/bin/djlint --lint --quiet templates

types: venv-dev ## Check types: mypy --strict
	@PORTAL_TESTING=1 $(VENV)/bin/mypy $(OURS)

contracts: venv-dev ## Check which package may import which: import-linter
	@$(VENV)/bin/lint-imports

migrations: venv-dev ## Check that the migrations describe the models
	@$(PY) -m portal.runtime test --only-database -- $(PY) manage.py makemigrations --check --dry-run

format: venv-dev ## Rewrite the code in the project's style
	@$(VENV)/bin/ruff check --fix-only $(PATHS)
	@$(VENV)/bin/ruff format $(PATHS)

bench: venv-dev ## Run the benchmarks, one JSON object a line (ONLY=name for one)
	@$(PY) -m portal.runtime test -- $(PY) -m bench $(if $(ONLY),--only $(ONLY))
	@$(if $(ONLY),,exec $(PY) -m portal.runtime test -- $(PY) -m pytest -m bench -s)

demo: venv ## Walk the whole chain with real clients against a running portal
	@exec $(PY) -m portal.demo

slurm-up: venv ## Start a real Slurm cluster here, as root (PORTAL_SLURM_DIR, PORTAL_SLURM_PORT)
	@exec $(PY) -m portal.runtime.slurm up

slurm-down: venv ## Cancel its jobs and stop it (WIPE=1 removes its folder)
	@exec $(PY) -m portal.runtime.slurm down $(if $(WIPE),--wipe)

requirements: venv ## Compile requirements*.in into the pinned requirements*.txt
	@for name in requirements requirements-dev; do \
		$(VENV)/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url \
			--no-emit-find-links --no-header --python-version 3.11 $$name.in -o $$name.txt; \
	done

clean: ## Remove what tools left behind (not .venv, not the portal's state)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
