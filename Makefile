# Yanxu: everything one does with a checkout. `make` alone lists it.
# Needed: make, and Python 3.11 or newer. Everything else is fetched into folders the repository ignores.

.DEFAULT_GOAL := help
SHELL := /bin/sh
unexport PYTHONHOME PYTHONPATH
# Without kept bytecode every one of the many short processes would compile all libraries anew, ten seconds each.
unexport PYTHONDONTWRITEBYTECODE
# The targets share one environment and one pip.
.NOTPARALLEL:

PORT ?= 8080
# Twice the cores most machines have at least: much of what the tests do is wait for other processes.
WORKERS ?= 4
export PORT

# The first Python on the machine that is new enough; another one: make PYTHON=/path/to/python3.12 …
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	$$p -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && { echo $$p; break; }; done)
endif

BIN := .venv/bin
FLASK := $(BIN)/flask --app run
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard app/panel/translations/*/LC_MESSAGES/*.po))
SIMPLIFIED := app/panel/translations/zh_Hans/LC_MESSAGES/messages.po
TRADITIONAL := app/panel/translations/zh_Hant/LC_MESSAGES/messages.mo

.PHONY: help run test nightly check fmt migrate docs demo bench pictures audit assets lock clean ready python base dev

help: ## list what can be made
	@echo "Yanxu. make <target>:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-10s %s\n", $$1, $$2}'
	@echo "Settings on the line: PYTHON=python3.12 (first time)  PORT=8080 (run)  WORKERS=4 (test)"

run: base assets ## serve on PORT: migrated, with demonstration data and the scheduler
	@$(FLASK) serve

test: ready ## the tests of every change: SQLite, PostgreSQL and a real Chromium; sets itself up
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

nightly: dev assets ## the long tests, and those of the other database that rest by day
	@$(BIN)/python -m app.setup.browser
	@$(BIN)/python -m pytest -m nightly

check: dev ## lint, format, types, import directions, repository rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pytest -q tests/architecture

fmt: dev ## put the code into the house format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

migrate: base ## bring the configured database to the newest revision
	@$(FLASK) db upgrade

docs: base ## write the page of each record under docs/records
	@$(FLASK) panel docs

demo: base ## load the demonstration data, once; SIZE=100000 rows besides (SEED=1 LANGUAGE=both)
	@$(FLASK) panel upgrade
	@$(FLASK) demo --size $(or $(SIZE),0) --seed $(or $(SEED),1) --language $(or $(LANGUAGE),both)

bench: dev assets ## measure at a million rows, against plain SQL, the stock panel and Django
	@$(BIN)/python -m tests.bench --write docs/bench.md

pictures: dev assets ## a picture of every kind of page, into var/pictures, and those of the README
	@$(BIN)/python -m app.setup.browser
	@$(BIN)/python -m tests.pictures var/pictures

audit: dev assets ## every page in a browser: accessibility, content policy, width, three languages; Lighthouse
	@$(BIN)/python -m app.setup.browser
	@$(BIN)/python -m tests.audit.lighthouse
	@$(BIN)/python -m tests.audit

assets: base $(CATALOGUES) $(TRADITIONAL) ## fetch and build the static assets, compile the translations
	@$(BIN)/python -m app.setup.assets

lock: dev ## renew the locked requirements and the package lock from what is wanted
	@for name in base dev node; do $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		requirements/$$name.in --output-file requirements/$$name.txt || exit 1; done
	@npm install --package-lock-only --loglevel=error

clean: ## remove what set-up and tests made; var/ with its data stays
	@rm -rf .venv node_modules app/panel/static/vendor app/panel/static/vendor.new
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis test-results
	@find app models views tests migrations -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
	@find app -name '*.mo' -delete

# What the tests need, side by side, for most of it is waiting: Chromium beside the environment; then the assets beside
# the bytecode of the tests, which otherwise each worker would compile for itself.
ready: python
	@$(PYTHON) -m app.setup.browser & $(MAKE) --no-print-directory dev && { \
		test -d tests/__pycache__ || $(BIN)/python -m pytest --collect-only -qq >/dev/null 2>&1 & \
		$(MAKE) --no-print-directory assets; }; made=$$?; wait; exit $$made

# The environments. Each looks first whether it stands and is up to date; that costs a tenth of a second.
base dev: python
	@$(PYTHON) -m app.setup.environment $@

python:
	@test -n '$(PYTHON)' && $(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { echo 'Yanxu needs Python 3.11 or newer, and this machine shows' \
		'none. Install one, or name it: make PYTHON=/path/to/python3.11' >&2; exit 1; }

$(TRADITIONAL): $(SIMPLIFIED) app/setup/traditional.py | base
	@$(BIN)/python -m app.setup.traditional

%.mo: %.po | base
	@$(BIN)/pybabel --quiet compile --use-fuzzy --input-file $< --output-file $@
