# What a newcomer types. Everything happens in .venv, which `make setup` makes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo test lint bench clean

help: ## Show this help.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv and install xlt with its plugins and developers' tools.

$(STAMP): pyproject.toml src/xlt_cli/__init__.py scripts/setup.sh
	PYTHON=$(PYTHON) bash scripts/setup.sh $(VENV)
	@touch $(STAMP)

demo: setup ## Fine-tune a real encoder on English, show the zero-shot table (no downloads).
	$(BIN)/xlt train experiments/quickstart.yaml

test: setup ## Run the tests.
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

lint: setup ## Check style, types and the direction of imports.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## Measure speeds against the peers, on this machine.
	$(BIN)/python benchmarks/run.py

clean: ## Remove .venv and caches; runs stay.
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
