# Two commands do everything on a fresh machine: `make demo` and `make test`. `make install` brings
# what the shop needs into .venv and starts nothing.
PYTHON ?= python3
VENV ?= .venv
# More for pytest, as in: make test TESTS="tests/domain -k money"
TESTS ?=

.PHONY: install demo test bench mutants lint lock clean

install: $(VENV)/.for-running

demo: $(VENV)/.for-running
	$(VENV)/bin/python run.py demo

test: $(VENV)/.for-development
	$(VENV)/bin/python -m pytest $(TESTS)

# A table each, on a machine that has nothing else to do; takes about a quarter of an hour.
bench: $(VENV)/.for-development
	$(VENV)/bin/python -m benchmarks expiry
	$(VENV)/bin/python -m benchmarks orders
	$(VENV)/bin/python -m benchmarks recovery
	$(VENV)/bin/python -m benchmarks runtime
	$(VENV)/bin/python -m benchmarks scaling
	$(VENV)/bin/python -m benchmarks soak
	$(VENV)/bin/python -m benchmarks watch

# Changes the rules in every small way and counts how often a test notices; takes more than an hour.
mutants: $(VENV)/.for-development
	$(VENV)/bin/mutmut run
	$(VENV)/bin/mutmut export-cicd-stats
	$(VENV)/bin/python -m scripts.mutant_score mutants/mutmut-cicd-stats.json

lint: $(VENV)/.for-development
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Holdfast needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.for-running: requirements/base.txt | $(VENV)/bin/python
	@echo "Installing what the shop needs into $(VENV); this takes a minute or two."
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	touch $@

$(VENV)/.for-development: requirements/dev.txt $(VENV)/.for-running
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

# Pins every dependency with its hashes, from what pyproject.toml allows. Needs pip-tools.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock:
	$(COMPILE) --output-file requirements/base.txt pyproject.toml
	$(COMPILE) --extra dev --constraint requirements/base.txt --output-file requirements/dev.txt pyproject.toml

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants .import_linter_cache
