# What a newcomer types. Everything happens in .venv, which `make setup` makes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo test test-min coverage lint docs docs-reference lock bench clean

help: ## Show this help.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv and install xlt with its plugins and developers' tools.

$(STAMP): pyproject.toml src/xlt_cli/__init__.py scripts/setup.sh
	PYTHON=$(PYTHON) bash scripts/setup.sh $(VENV)
	@touch $(STAMP)

demo: setup ## Fine-tune a real encoder on English, show the zero-shot table (no downloads).
	$(BIN)/xlt train experiments/quickstart.yaml

# Byte code is kept: the tests start many processes, and each would compile the modules anew.
test: setup ## Run the tests.
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal
	@if nvidia-smi >/dev/null 2>&1; then XLT_TEST_GPU=1 $(BIN)/python -m pytest -m gpu; fi

test-min: setup ## Run a part of the tests with the lowest versions that pyproject.toml allows.
	bash scripts/test_minimum.sh .venv-min

coverage: ## Run the tests with Python 3.12 or later; fail if they cover too few lines.
	bash scripts/coverage.sh .venv-coverage

lint: setup ## Check style, types, the direction of imports, and build the documentation strictly.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy benchmarks --allow-untyped-defs --allow-untyped-calls --allow-any-generics \
	  --no-warn-return-any --no-warn-unused-ignores --follow-imports=silent
	$(BIN)/lint-imports
	$(BIN)/python scripts/docs_reference.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

docs: setup ## Build the documentation into site/.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

docs-reference: setup ## Write the pages of docs/reference that are made from the code.
	$(BIN)/python scripts/docs_reference.py

lock: setup ## Write constraints.txt: the versions in .venv, and what they need elsewhere.
	bash scripts/lock.sh $(VENV)

bench: setup ## Measure speeds against the peers, on this machine.
	$(BIN)/python benchmarks/run.py

clean: ## Remove .venv and caches; runs stay.
	rm -rf $(VENV) .venv-min .venv-coverage site .pytest_cache .mypy_cache .ruff_cache .hypothesis
