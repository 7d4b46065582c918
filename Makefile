# Needs Python 3.11 or newer, pip and make; `make` alone lists the commands.

.DEFAULT_GOAL := help

PYTHON ?= python3
# Half as many again as processors: there is always a test that waits for a server.
WORKERS ?= $(shell $(PY) -c 'import os; print(min(max((os.cpu_count() or 2) * 3 // 2, 2), 8))')
PYTEST_ARGS ?=
PIN_ARGS ?=
MESSAGE ?=

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# An environment that was made without pip is filled by the pip of the Python that made it.
PIP = $$(test -x $(BIN)/pip && echo $(PY) -m pip || echo $(PYTHON) -m pip --python $(PY))
INSTALL = $(PIP) install --quiet --disable-pip-version-check --require-hashes --requirement
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-header --no-annotate $(PIN_ARGS)
PINS := base production optional cli testing development

# Tests start dozens of Pythons: none compiles what another one has compiled.
unexport PYTHONDONTWRITEBYTECODE

# Part of the suite cannot reach the floor, so it is not measured. What the workers of pytest saw is
# written to a file first, and judged from there.
SEEN := .coverage.json
QUICK = $(if $(strip $(PYTEST_ARGS)),,-m "not slow")
WHOLE = $(if $(strip $(PYTEST_ARGS)),,yes)
SLIPCOVER := $(PY) -W "ignore:Unable to activate pytest branch" -m slipcover
MEASURED = $(if $(WHOLE),$(SLIPCOVER) --fail-under 0 --json --out $(SEEN),$(PY))
JUDGED = $(if $(WHOLE),$(SLIPCOVER) --merge $(SEEN) --out $(SEEN),:)

define NO_VENV
This Python cannot make a virtual environment: it has neither ensurepip nor pip 22.3 or newer.
  Debian, Ubuntu:  apt install python3-venv
  elsewhere:       install a complete Python, and name it: make PYTHON=/path/to/python3
endef
export NO_VENV

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(VENV)/.development ## Make .venv with everything that development needs
	@echo "Ready: $(VENV) holds requirements/development.txt."

.PHONY: run
run: $(VENV)/.base ## Try it on http://localhost:5000 with demo data (HOST=, PORT=)
	@$(PY) manage.py prepare
	@exec $(PY) manage.py serve

.PHONY: test
test: $(VENV)/.testing ## Run the tests on real servers that start by themselves (PYTEST_ARGS=, WORKERS=)
	@$(MEASURED) -m pytest -n $(WORKERS) $(QUICK) $(PYTEST_ARGS)
	@$(JUDGED)

.PHONY: test-all
test-all: ## Run all tests: the slow ones too, which kill servers and drive a browser
	@$(MAKE) --no-print-directory test QUICK=

# What hangs on how OpenSSH behaves. It is found on the PATH.
OPENSSH := .tools/openssh
LOGINS := tests/core/openssh tests/ssh_break_glass tests/ssh_certificates/test_machines.py tests/ssh_hosts \
  tests/ssh_workloads/test_signing.py tests/counterparts/test_asyncssh.py tests/cli/hosts \
  $(patsubst %,tests/cli/test_%.py,agent doctor ensure keys setup signing)

.PHONY: test-openssh
test-openssh: $(VENV)/.testing ## Build the newest OpenSSH that Debian has the source of, and log in by it
	@scripts/build_openssh.sh
	@$(OPENSSH)/bin/ssh -V
	@PATH="$(CURDIR)/$(OPENSSH)/bin:$(CURDIR)/$(OPENSSH)/sbin:$$PATH" $(PY) -m pytest -n $(WORKERS) $(LOGINS)

.PHONY: check
check: $(VENV)/.development ## Check format, lint, types, imports and spelling, then run all tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	@$(MAKE) --no-print-directory test-all

.PHONY: bench
bench: $(VENV)/.testing ## Run the benchmarks and print ratios
	@$(PY) -m benchmarks

.PHONY: bench-scale
bench-scale: $(VENV)/.testing ## Compare a million people with a thousand (6 minutes, 4 GB of disk)
	@$(PY) -m benchmarks.scale

.PHONY: migration
migration: $(VENV)/.base ## Write a migration from the models' changes (MESSAGE="what they are")
	@test -n "$(MESSAGE)" || { echo 'Say what changes: make migration MESSAGE="..."'; exit 1; }
	@$(PY) manage.py db upgrade
	@$(PY) manage.py db migrate --message "$(MESSAGE)"

.PHONY: openapi
openapi: $(VENV)/.base ## Write docs/api/openapi.json from the routes
	@$(PY) manage.py openapi --write docs/api/openapi.json

.PHONY: pins
pins: $(VENV)/.development ## Compile requirements/*.in to *.txt (PIN_ARGS=--upgrade for newer versions)
	@for list in $(PINS); do (cd requirements && ../$(COMPILE) $$list.in -o $$list.txt) || exit 1; done
	@cd benchmarks && ../$(COMPILE) requirements.in -o requirements.txt

# The stamps: an environment is made once, a list is installed again when it changes. A list
# holds the ones before it, so installing it also settles those.

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Gatehouse needs Python 3.11 or newer; name one: make PYTHON=python3.11"; exit 1; }
	@if test -x $(PY) && $(PY) -m pip --version >/dev/null 2>&1; then \
	  echo "$(VENV) is there: it is kept, and what is missing is added."; \
	elif $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
	  $(PYTHON) -m venv --clear $(VENV); \
	elif $(PYTHON) -m pip --python "$$(command -v $(PYTHON))" --version >/dev/null 2>&1; then \
	  $(PYTHON) -m venv --clear --without-pip $(VENV); \
	else \
	  printf '%s\n' "$$NO_VENV"; exit 1; \
	fi
	@touch $@

$(VENV)/.base: requirements/base.txt $(VENV)/.made
	@echo "Installing $< into $(VENV) ..."
	@$(INSTALL) $<
	@touch $@

$(VENV)/.testing: requirements/testing.txt $(VENV)/.made
	@echo "Installing $< into $(VENV) ..."
	@$(INSTALL) $<
	@touch $(VENV)/.base $@

$(VENV)/.development: requirements/development.txt $(VENV)/.made
	@echo "Installing $< into $(VENV) ..."
	@$(INSTALL) $<
	@touch $(VENV)/.base $(VENV)/.testing $@
