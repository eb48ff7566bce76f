# Everything a person needs: `make run` and `make test`. Nothing else has to be prepared but Python 3.11+.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
FILES  := pyproject.toml constraints.txt
# Where it is set, every run would compile all tests and modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run setup test fast check bench docs clean
.DEFAULT_GOAL := run

run: setup
	@$(BIN)/vivavoce serve

setup: $(VENV)/.installed

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Vivavoce needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 run"; exit 1; }
	@echo "Creating $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python $(FILES)
	@echo "Installing Vivavoce and what it runs on (about a minute the first time) …"
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	@echo "Installing what the tests and checks need …"
	@$(PIP) install -c constraints.txt -e '.[test,check,bench]'
	@touch $@

test: $(VENV)/.tested
	@$(BIN)/python tests/vendors.py
	@PYTHONPATH=tests $(BIN)/python tests/oracles.py
	@VIVAVOCE_TEST_EXAMPLES=all $(BIN)/python -m pytest

fast: $(VENV)/.tested
	@$(BIN)/python -m pytest -q -m fast -n logical --maxprocesses 4 tests/fast

check: $(VENV)/.tested
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

bench: $(VENV)/.tested
	@$(BIN)/python -m bench
	@$(BIN)/python tests/pages.py

docs: $(VENV)/.tested
	@$(BIN)/python tests/pages.py
	@$(BIN)/python docs/sdk_reference.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
